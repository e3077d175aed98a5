//! Zips for Lambda. Nothing in them tells when or where they were made: the same content gives the same bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use winback_cloud::programs;
use winback_domain::ids::StoreId;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::shop;

/// The C library of Amazon Linux 2023. A binary that asks for a newer one does not start there.
const GLIBC: u32 = 34;
/// As small as the method gets.
const LEVEL: i64 = 9;

/// A package that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The file's name.
    pub name: String,
    /// Bytes of what is in it.
    pub unpacked: u64,
    /// Bytes of itself.
    pub zip: u64,
    /// Of itself, in hexadecimal digits.
    pub sha256: String,
}

/// A function: its binary as `bootstrap`.
pub fn function(name: &str, binary: &Path, out: &Path) -> Result<Package> {
    let bytes = std::fs::read(binary).with_context(|| binary.display().to_string())?;
    if !bytes.starts_with(b"\x7fELF") {
        bail!("{name} is no Linux binary: build it on Linux, or as `winback package --help` says for Graviton");
    }
    if let Some(wanted) = glibc(&bytes).filter(|wanted| *wanted > GLIBC) {
        bail!(
            "{name} asks for glibc 2.{wanted}, and Lambda has 2.{GLIBC}: build it on an older Linux, such as a container of Amazon Linux 2023"
        );
    }
    write(&format!("{name}.zip"), &BTreeMap::from([("bootstrap".to_owned(), (bytes, 0o755))]), out)
}

/// The layer: every shop's folder, as scan-customers finds it below /opt. A folder that cannot be used is refused here.
pub fn programs(dir: &Path, out: &Path) -> Result<Package> {
    if dir.join("shop.yaml").is_file() {
        bail!("{} is one shop's folder: name the folder above it, where each is called like its store", dir.display());
    }
    let mut files = BTreeMap::new();
    for name in programs::stores(dir)? {
        let Ok(store) = StoreId::try_from(name.clone()) else {
            bail!("{} is no store's name: lower-case letters, digits and hyphens", dir.join(name).display());
        };
        let shop = dir.join(&name);
        let folder = shop::folder(&shop)?;
        shop::usable(&folder, &shop)?;
        files.extend(
            folder.into_iter().map(|(path, text)| (format!("winback/{store}/{path}"), (text.into_bytes(), 0o644))),
        );
    }
    if files.is_empty() {
        bail!("{} holds no shop's folder: one per store is wanted, named like it", dir.display());
    }
    write("programs.zip", &files, out)
}

fn write(name: &str, files: &BTreeMap<String, (Vec<u8>, u32)>, out: &Path) -> Result<Package> {
    let zip = zipped(files)?;
    let file = out.join(name);
    std::fs::write(&file, &zip).with_context(|| file.display().to_string())?;
    let unpacked = files.values().map(|(bytes, _)| bytes.len() as u64).sum();
    let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&zip));
    Ok(Package { name: name.to_owned(), unpacked, zip: zip.len() as u64, sha256 })
}

fn zipped(files: &BTreeMap<String, (Vec<u8>, u32)>) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, (bytes, mode)) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::default())
            .unix_permissions(*mode);
        zip.start_file(path.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The newest glibc 2.x that a binary asks for.
fn glibc(binary: &[u8]) -> Option<u32> {
    const MARK: &[u8] = b"GLIBC_2.";
    let found = binary.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let minor = found.filter_map(|(at, _)| {
        let digits = binary[at + MARK.len()..].iter().take_while(|byte| byte.is_ascii_digit()).take(3);
        String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
    });
    minor.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn scratch(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("winback-package-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn shop(dir: &Path, name: &str) {
        for (path, text) in sample::folder() {
            let path = dir.join(name).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn the_same_shops_give_the_same_bytes_wherever_they_lie() {
        let (one, other) = (scratch("one"), scratch("other"));
        for dir in [&one, &other] {
            shop(&dir.join("shops"), "books");
        }
        let made = programs(&one.join("shops"), &one).unwrap();
        assert_eq!(made, programs(&other.join("shops"), &other).unwrap());
        let mut zip = zip::ZipArchive::new(std::fs::File::open(one.join("programs.zip")).unwrap()).unwrap();
        assert!(zip.by_name("winback/books/shop.yaml").is_ok());
        assert!(zip.by_name("winback/books/mails/last-day/en/body.mjml").is_ok());
        for dir in [one, other] {
            std::fs::remove_dir_all(dir).unwrap();
        }
    }

    #[test]
    fn a_shop_that_cannot_be_used_is_not_packed() {
        let dir = scratch("bad");
        shop(&dir, "books");
        std::fs::write(dir.join("books/program.yaml"), "lapsed: soon").unwrap();
        assert!(programs(&dir, &dir).unwrap_err().to_string().contains("cannot be used"));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_function_is_an_executable_bootstrap() {
        let dir = scratch("function");
        std::fs::write(dir.join("binary"), b"\x7fELF GLIBC_2.17 GLIBC_2.34 GLIBC_2.4").unwrap();
        let made = function("send-message", &dir.join("binary"), &dir).unwrap();
        let mut zip = zip::ZipArchive::new(std::fs::File::open(dir.join("send-message.zip")).unwrap()).unwrap();
        let mode = zip.by_name("bootstrap").unwrap().unix_mode().unwrap();
        assert_eq!((mode & 0o777, made.name.as_str()), (0o755, "send-message.zip"));
        std::fs::write(dir.join("binary"), b"\xcf\xfa\xed\xfe").unwrap();
        let problem = function("send-message", &dir.join("binary"), &dir).unwrap_err().to_string();
        assert!(problem.contains("no Linux binary"), "{problem}");
        std::fs::write(dir.join("binary"), b"\x7fELF GLIBC_2.36").unwrap();
        let problem = function("send-message", &dir.join("binary"), &dir).unwrap_err().to_string();
        assert!(problem.contains("glibc 2.36"), "{problem}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
