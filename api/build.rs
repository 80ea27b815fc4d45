//! The migrations are compiled into the binary; Cargo must know that they are part of it.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
