//! Compiles the .proto files without a system protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(["writ/v1alpha1/writ.proto"], ["."])?;
    tonic_prost_build::configure().bytes(".").compile_fds(files)?;
    println!("cargo::rerun-if-changed=writ/v1alpha1/writ.proto");
    Ok(())
}
