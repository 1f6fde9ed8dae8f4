// SPDX-License-Identifier: GPL-2.0
//! No module of the kernel module or of the workspace imports, on whatever way, from one that imports
//! from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// A crate whose modules are those of the kernel module.
const SHARED: &str = "natpt-core";

/// From the crate's root: `["proxy", "task"]`.
type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// A source file's paths with more than one word, each with the inline modules that it stands in.
#[derive(Default)]
struct Source {
    children: Vec<String>,
    paths: Vec<(Module, Vec<String>)>,
}

impl Source {
    fn read(text: &str) -> Self {
        let mut source = Source::default();
        source.scan(&[], text.parse().expect("Rust"));
        source
    }

    fn scan(&mut self, inline: &[String], tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(end), ..]
                    if word == "mod" && end.as_char() == ';' =>
                {
                    self.children.push(name.to_string());
                    at += 3;
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), ..]
                    if word == "mod" =>
                {
                    // Unit tests may look up.
                    if name != "tests" {
                        let inline = [inline, &[name.to_string()]].concat();
                        self.scan(&inline, body.stream());
                    }
                    at += 3;
                }
                // Code of another crate.
                [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Group(_), ..]
                    if word == "quote" =>
                {
                    at += 3;
                }
                [TokenTree::Ident(first), rest @ ..] if is_path(rest) => {
                    at += self.path(inline, &[], first, rest);
                }
                [TokenTree::Group(group), ..] => {
                    self.scan(inline, group.stream());
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// Take one path, with the braces at its end; return how many tokens it has.
    fn path(
        &mut self,
        inline: &[String],
        before: &[String],
        first: &Ident,
        mut rest: &[TokenTree],
    ) -> usize {
        let mut path = [before, &[first.to_string()]].concat();
        let mut count = 1;
        while is_path(rest) {
            count += 3;
            match &rest[2] {
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut at = 0;
                    while at < tokens.len() {
                        at += match &tokens[at..] {
                            [TokenTree::Ident(first), rest @ ..] => {
                                self.path(inline, &path, first, rest)
                            }
                            _ => 1,
                        };
                    }
                    return count;
                }
                _ => break,
            }
            rest = &rest[3..];
        }
        self.paths.push((inline.to_vec(), path));
        count
    }
}

/// `::`, and something after it.
fn is_path(tokens: &[TokenTree]) -> bool {
    let colon = |token: &TokenTree| matches!(token, TokenTree::Punct(one) if one.as_char() == ':');
    tokens.len() > 2 && tokens[..2].iter().all(colon)
}

/// The imports among the modules of one crate.
fn imports(sources: &BTreeMap<Module, Source>) -> Imports {
    let resolve = |module: &Module, inline: &[String], path: &[String]| {
        let mut at = [&module[..], inline].concat();
        let mut words = path.iter();
        match path[0].as_str() {
            "crate" => at.clear(),
            "self" => (),
            "super" => drop(at.pop()),
            child if inline.is_empty() && sources[module].children.iter().any(|c| c == child) => {
                at.push(child.to_owned());
            }
            _ => return None,
        }
        words.next();
        for word in words {
            let next = [&at[..], std::slice::from_ref(word)].concat();
            match word.as_str() {
                "super" => drop(at.pop()),
                _ if sources.contains_key(&next) => at = next,
                _ => break,
            }
        }
        // An inline module is its file's.
        at.truncate(module.len().max(at.len() - inline.len().min(at.len())));
        sources.contains_key(&at).then_some(at)
    };
    let mut imports = Imports::new();
    for (module, source) in sources {
        let found = source
            .paths
            .iter()
            .filter_map(|(inline, path)| resolve(module, inline, path));
        let others = found.filter(|other| other != module).collect();
        imports.insert(module.clone(), others);
    }
    imports
}

/// The shortest circle through each module that has one, from its first module on.
fn circles(imports: &Imports) -> BTreeSet<Vec<Module>> {
    let mut circles = BTreeSet::new();
    for start in imports.keys() {
        let mut ways = VecDeque::from([vec![start.clone()]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for next in &imports[&way[way.len() - 1]] {
                if next == start {
                    let first = (0..way.len()).min_by_key(|&at| &way[at]).unwrap_or(0);
                    let mut circle = way.clone();
                    circle.rotate_left(first);
                    circles.insert(circle);
                    ways.clear();
                    break;
                }
                if seen.insert(next.clone()) {
                    ways.push_back([&way[..], std::slice::from_ref(next)].concat());
                }
            }
        }
    }
    circles
}

/// A root's modules, as their `mod` statements lead to them.
fn load(file: &Path, directory: &Path, module: Module, sources: &mut BTreeMap<Module, Source>) {
    let text = fs::read_to_string(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    let source = Source::read(&text);
    // Nothing imports from a file of unit tests.
    for child in source.children.iter().filter(|child| *child != "tests") {
        let below = directory.join(child);
        let file = below.with_extension("rs");
        let file = if file.exists() {
            file
        } else {
            below.join("mod.rs")
        };
        let module = [&module[..], std::slice::from_ref(child)].concat();
        load(&file, &below, module, sources);
    }
    sources.insert(module, source);
}

fn text(circle: &[Module]) -> String {
    let name = |module: &Module| format!("crate::{}", module.join("::"));
    let names: Vec<String> = circle.iter().map(name).collect();
    format!("{} → {}", names.join(" → "), names[0])
}

#[test]
fn no_circles() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = fs::read_to_string(top.join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members"));
    let members: Vec<&str> = members.unwrap().split('"').skip(1).step_by(2).collect();
    assert!(members.contains(&"daemon"));
    let mut found = String::new();
    let crates = members.iter().filter(|name| **name != SHARED);
    for member in crates.chain(&["..", "natpt-packets/fuzz"]) {
        let directory = top.join(member).join("src");
        let roots = ["lib.rs", "main.rs", "natpt_main.rs"].map(|name| directory.join(name));
        assert!(roots.iter().any(|root| root.exists()), "{member}");
        for root in roots.iter().filter(|root| root.exists()) {
            let mut sources = BTreeMap::new();
            load(root, &directory, Vec::new(), &mut sources);
            for circle in circles(&imports(&sources)) {
                found += &format!("{member}: {}\n", text(&circle));
            }
        }
    }
    assert!(found.is_empty(), "\n{found}");
}

fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let source = |&(name, text): &(&str, &str)| {
        let module = name.split("::").filter(|word| !word.is_empty());
        (module.map(String::from).collect(), Source::read(text))
    };
    let sources = files.iter().map(source).collect();
    let circles = circles(&imports(&sources));
    circles.iter().map(|circle| text(circle)).collect()
}

#[test]
fn circles_are_found() {
    let files = [
        ("", "mod a; mod b; fn main() { a::run() }"),
        ("a", "use crate::{b::{self, One}}; fn run() {}"),
        ("b", "fn two() { let x = vec![super::a::X]; }"),
    ];
    assert_eq!(circles_of(&files), ["crate::a → crate::b → crate::a"]);
    let files = [
        ("", "mod a;"),
        ("a", "mod b; use b::B;"),
        ("a::b", "use super::{Key, other::x as y};"),
    ];
    assert_eq!(circles_of(&files), ["crate::a → crate::a::b → crate::a"]);
}

#[test]
fn trees_have_no_circles() {
    let files = [
        (
            "",
            "mod a; mod b; pub use a::A; pub use b::B; mod x { use super::*; }",
        ),
        (
            "a",
            "// use super::b\nuse std::b; pub(crate) const X: &str = \"super::b::B\";",
        ),
        (
            "b",
            "use super::a; mod tests { use super::super::*; } fn c() { quote! { crate::A } }",
        ),
    ];
    assert_eq!(circles_of(&files), [""; 0]);
}
