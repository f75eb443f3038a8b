//! The feature table of the package.

use anyhow::Context;

use crate::codegen::overlay::Overlay;
use crate::codegen::plan::{FULL, PREVIEW};

const BEGIN: &str = "# <groups> Written by `cargo xtask codegen` from spec/overlay.toml.\n";
const END: &str = "# </groups>\n";

/// The package's manifest with the features of the groups.
pub(crate) fn package(present: &str, overlay: &Overlay) -> anyhow::Result<String> {
    let missing = || format!("Cargo.toml lacks the lines {BEGIN:?} and {END:?}");
    let (before, rest) = present.split_once(BEGIN).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(overlay)))
}

fn table(overlay: &Overlay) -> String {
    let list = |name: &str, features: &[String]| {
        let lines: String = features.iter().map(|name| format!("    {name:?},\n")).collect();
        format!("{name} = [\n{lines}]\n")
    };
    let mut table = list("default", &overlay.default);
    table += "# Every group.\n";
    table += &list(FULL, &[&["default".to_owned()], overlay.emit.as_slice()].concat());
    table += "# What only Preview has, of the groups that are on.\n";
    for name in [PREVIEW].into_iter().chain(overlay.emit.iter().map(String::as_str)) {
        table += &format!("{name} = []\n");
    }
    table
}
