// A check in Rust, with the standard library alone: no changed file may hold a line
// that ends in a space. The contract is in the README beside this file.
use std::{env, fs, process};

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

fn main() {
    let mut failed = false;
    for path in env::args().skip(1) {
        // A deleted file is no longer there, and one that is not text has no lines.
        let Ok(text) = fs::read_to_string(format!("/{path}")) else { continue };
        for (number, line) in text.lines().enumerate() {
            if line.ends_with(' ') {
                failed = true;
                println!(
                    "{{\"path\":{},\"line\":{},\"level\":\"error\",\"message\":\"ends in a space\"}}",
                    quote(&path),
                    number + 1
                );
            }
        }
    }
    process::exit(if failed { 1 } else { 0 });
}
