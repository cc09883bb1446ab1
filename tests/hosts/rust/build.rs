//! Finds the library: RNNRUNTIME_LIB_DIR is the folder that holds it.
use std::{env, path::Path};

fn main() {
    println!("cargo:rerun-if-env-changed=RNNRUNTIME_LIB_DIR");
    let folder = env::var("RNNRUNTIME_LIB_DIR").unwrap_or_default();
    let library = if cfg!(target_os = "macos") { "librnnruntime.dylib" } else { "librnnruntime.so" };
    if !Path::new(&folder).join(library).is_file() {
        eprintln!("RNNRUNTIME_LIB_DIR is '{folder}'; expected the folder that holds {library}");
        std::process::exit(1);
    }
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=dylib=rnnruntime");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
}
