//! Links the C engines that Debian ships; everything else of this crate is Rust or vendored.
use std::env::var_os;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if var_os("CARGO_FEATURE_FLITE").is_some() {
        // flite1-dev has no .pc file; voices before the language, the language before the core.
        for lib in
            ["flite_cmu_us_rms", "flite_cmu_us_slt", "flite_cmu_us_kal16", "flite_usenglish", "flite_cmulex", "flite"]
        {
            println!("cargo:rustc-link-lib={lib}");
        }
    }
}
