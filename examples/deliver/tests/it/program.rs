//! Starting the program.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

/// The program in a folder of its own, so that no `.env` is found, without the settings of
/// whoever runs the tests.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_deliver"));
    program.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for name in [
        "INTERCOM_ACCESS_TOKEN",
        "INTERCOM_API_KEY",
        "INTERCOM_VERSION",
        "INTERCOM_API_BASE",
        "INTERCOM_REGION",
        "INTERCOM_USER_AGENT_HEADER",
        "RUST_LOG",
    ] {
        program.env_remove(name);
    }
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// Starts a program and gives it all its input.
pub(crate) fn start(mut program: Command, input: &str) -> Child {
    let mut running = program.spawn().expect("the program starts");
    let mut stdin = running.stdin.take().expect("piped");
    let input = input.to_owned();
    // A program that does not read to the end is fine.
    std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    running
}

pub(crate) fn run(program: Command, input: &str) -> Output {
    start(program, input).wait_with_output().expect("the program ends")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}
