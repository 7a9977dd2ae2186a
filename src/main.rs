use std::process::ExitCode;

fn main() -> ExitCode {
    shifu::cli::main()
}
