//! Generates the server's half of the protocol from the files that the client crate ships: what the fake
//! speaks is what the client understands.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

const CLIENT: &str = "eventstore";
const SERVICES: [&str; 3] = ["streams.proto", "gossip.proto", "serverfeatures.proto"];

#[expect(
    clippy::disallowed_methods,
    reason = "cargo talks to build scripts through the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let protos = protos(Path::new(&env::var("CARGO")?), &env::var("TARGET")?)?;
    let mut services = protox::compile(SERVICES, [protos])?;
    for file in &mut services.file {
        // Comments: they link to what only the protocol's own language knows.
        file.source_code_info = None;
    }
    tonic_build::configure()
        .build_client(false)
        .extern_path(".event_store.client.Empty", "()")
        // Not every message of the protocol is spoken here.
        .type_attribute(".", "#[allow(dead_code)]")
        .include_file("protocol.rs")
        .compile_fds(services)?;
    Ok(())
}

/// Where the client's files are, as cargo knows it.
fn protos(cargo: &Path, target: &str) -> Result<PathBuf, Box<dyn Error>> {
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target])
        .output()?;
    if !metadata.status.success() {
        return Err(String::from_utf8_lossy(&metadata.stderr).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata tells of no packages")?;
    let client = packages.iter().find(|package| package["name"] == CLIENT);
    let manifest = client.and_then(|client| client["manifest_path"].as_str());
    let directory = manifest.and_then(|manifest| Path::new(manifest).parent());
    Ok(directory.ok_or("the client crate is not among the packages")?.join("protos"))
}
