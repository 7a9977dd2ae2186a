//! The floors of the house.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The modules of `lib.rs` in the order of their declaration: the floors, from the ground up.
fn floors(root: &Path) -> HashMap<String, usize> {
    let lib = fs::read_to_string(root.join("lib.rs")).expect("lib.rs");
    lib.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(floor, name)| (name.to_owned(), floor))
        .collect()
}

/// The first segments of every path that starts at `crate::`, `use crate::{…}` trees included.
fn uses(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if depth == 0 {
            for (at, _) in code.match_indices("crate::") {
                // `$crate` in a macro names whatever its caller may use.
                if code[..at].ends_with('$') {
                    continue;
                }
                let rest = &code[at + 7..];
                if let Some(tree) = rest.strip_prefix('{') {
                    depth = 1;
                    collect(tree, &mut depth, number, &mut found);
                } else {
                    found.push((number + 1, word(rest)));
                }
            }
        } else {
            collect(code, &mut depth, number, &mut found);
        }
    }
    found
}

fn collect(code: &str, depth: &mut usize, number: usize, found: &mut Vec<(usize, String)>) {
    let mut expects = true;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        match first {
            '{' => *depth += 1,
            '}' => {
                *depth -= 1;
                if *depth == 0 {
                    return;
                }
            }
            ',' => expects = true,
            c if (c.is_alphanumeric() || c == '_') && *depth == 1 && expects => {
                let name = word(rest);
                rest = &rest[name.len()..];
                found.push((number + 1, name));
                expects = false;
                continue;
            }
            _ => {}
        }
        rest = &rest[first.len_utf8()..];
    }
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn a_module_uses_only_modules_declared_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors = floors(&root);
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut offences = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).expect("below src");
        let module = relative.iter().next().expect("a name").to_string_lossy().replace(".rs", "");
        let Some(own) = floors.get(&module) else { continue };
        let source = fs::read_to_string(&file).expect("a source file");
        for (line, used) in uses(&source) {
            if floors.get(&used).is_some_and(|floor| floor > own) {
                offences.push(format!(
                    "src/{}:{line} uses {used}, which stands above {module}",
                    relative.display()
                ));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn the_reader_of_paths_sees_trees_and_plain_paths() {
    let source = "use crate::{\n    db::{Conn, Db},\n    web::Error,\n};\nlet x = crate::home::y();\n$crate::app::z!();";
    let names: Vec<String> = uses(source).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["db", "web", "home"]);
}

/// Nobody below the edge asks the clock: a rule gets the day as an argument.
#[test]
fn only_the_edge_asks_the_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let relative = file.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
        if relative == "web/clock.rs" {
            continue;
        }
        let source = fs::read_to_string(&file).expect("a source file");
        for (number, line) in source.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            assert!(
                !code.contains("Utc::now()")
                    && !code.contains("Local::now()")
                    && !code.contains("SystemTime::now()"),
                "src/{relative}:{} asks the clock",
                number + 1
            );
        }
    }
}
