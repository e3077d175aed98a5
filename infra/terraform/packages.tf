# The packages: read by `terraform apply`, never made by it.

locals {
  package_files = { for name in local.function_names : name => try("${var.packages_dir}/${name}.zip", null) }

  missing_packages = [for file in values(local.package_files) : file if try(!fileexists(file), false)]

  # Where a function's code comes from. A changed file is seen by its hash. An object is seen by its version: a bucket without versions
  # answers "" or "null", and there the prefix has to change with each release.
  packages = {
    for name in local.function_names : name => {
      filename = local.package_files[name]
      hash     = try(filebase64sha256(local.package_files[name]), null)
      bucket   = try(var.packages_s3.bucket, null)
      key      = try(data.aws_s3_object.package[name].key, null)
      version  = try(contains(["", "null"], data.aws_s3_object.package[name].version_id), true) ? null : data.aws_s3_object.package[name].version_id
    }
  }
}

# Looked up while planning, so that a missing package is named before anything is made.
data "aws_s3_object" "package" {
  for_each = var.packages_s3 == null ? [] : local.function_names

  bucket = var.packages_s3.bucket
  key    = "${var.packages_s3.prefix}${each.key}.zip"
}
