output "winback" {
  description = "All that the module tells."
  value       = module.winback
}
