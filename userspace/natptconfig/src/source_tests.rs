// SPDX-License-Identifier: GPL-2.0

use std::path::PathBuf;
use std::{env, fs, process};

use natpt_netlink::spec::Prefix;
use proptest::prelude::*;

use super::*;
use crate::statement;

fn told(problems: &[(Place, Problem)], source: &Source) -> Vec<String> {
    let told = problems.iter().map(|(place, problem)| {
        let name = &source.files[place.file].name;
        let name = name.rsplit('/').next().unwrap_or_default();
        format!(
            "{name}:{}:{}: {}",
            place.line, problem.column, problem.message
        )
    });
    told.collect()
}

/// What is wrong with a text, `line:column: message`.
fn problems(text: &str) -> Vec<String> {
    let source = Source::of("x", text.as_bytes());
    let told = told(&source.problems, &source);
    told.iter().map(|one| one.replacen("x:", "", 1)).collect()
}

/// Prefixes and rules, as statements.
fn made(source: &Source) -> Vec<String> {
    let made = source
        .changes
        .iter()
        .map(|placed| match &placed.change.statement {
            Statement::MapAdd(rule) => statement::rule(rule),
            Statement::PrefixAdd(prefix) => statement::prefix(prefix),
            other => format!("{other:?}"),
        });
    made.collect()
}

fn made_of(text: &str) -> Vec<String> {
    let source = Source::of("x", text.as_bytes());
    assert_eq!(source.problems, [], "{text}");
    made(&source)
}

/// A directory with files in it, which goes with it.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = env::temp_dir().join(format!("natptconfig-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&dir);
        for (file, text) in files {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn read(&self, file: &str) -> Source {
        Source::read(self.0.join(file).to_str().unwrap()).unwrap()
    }

    fn problems(&self, file: &str) -> Vec<String> {
        let source = self.read(file);
        let dir = format!("{}/", self.0.display());
        let told = told(&source.problems, &source);
        told.iter().map(|one| one.replace(&dir, "")).collect()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_problem_is_told() {
    assert_eq!(
        problems("map enable\nprefix x\n\n# fine\nmap flush now\r\nshow rules\nmap ?\n"),
        [
            "2:8: unexpected `x`: expected V6/LENGTH or flush",
            "5:11: unexpected `now`: expected all, keep or the end",
            "6:1: only on the command line: a file holds prefix, map, set, session, include and define",
            "7:1: only on the command line: a file holds prefix, map, set, session, include and define",
        ]
    );
}

#[test]
fn the_example_is_valid() {
    let text = include_bytes!("../../../configs/natpt.conf");
    assert_eq!(parse(text).unwrap().len(), 6);
    // So are the lines that are commented out.
    let lines = text.split(|&byte| byte == b'\n');
    let off = lines.filter_map(|line| line.strip_prefix(b"#"));
    let off: Vec<_> = off
        .filter(|line| !line.starts_with(b" ") && !line.is_empty())
        .collect();
    assert!(off.len() > 3);
    assert!(parse(&off.join(&b'\n')).unwrap().len() > 3);
}

#[test]
fn included_files() {
    let dir = Dir::new(
        "included",
        &[
            (
                "main",
                "prefix 2001:db8:1::/96\ninclude \"d/one\" # here\nprefix 2001:db8:4::/96",
            ),
            ("d/one", "prefix 2001:db8:2::/96\nINCLUDE \"two\"\n"),
            ("d/two", "prefix 2001:db8:3::/96"),
        ],
    );
    let source = dir.read("main");
    assert_eq!(source.problems, []);
    let numbers = (1..5).map(|n| format!("2001:db8:{n}::/96"));
    assert_eq!(made(&source), numbers.collect::<Vec<_>>());
    let places: Vec<_> = source
        .changes
        .iter()
        .map(|one| (one.place.file, one.place.line))
        .collect();
    assert_eq!(places, [(0, 1), (1, 1), (2, 1), (0, 3)]);
    let name = |file: usize| source.files[file].name.rsplit_once("/d/").map(|it| it.1);
    assert_eq!([0, 1, 2].map(name), [None, Some("one"), Some("two")]);
    assert_eq!(source.files[0].line(2), b"include \"d/one\" # here");
    // absolute
    let all = format!("include \"{}/d/two\"", dir.0.display());
    assert_eq!(made_of(&all), ["2001:db8:3::/96"]);
}

#[test]
fn files_in_their_order() {
    let names: Vec<_> = (0..40)
        .map(|n| format!("d/{}.conf", 10 + n * 7 % 40))
        .collect();
    let texts: Vec<_> = (0..40)
        .map(|n| format!("prefix 2001:db8:{}::/96", 10 + n * 7 % 40))
        .collect();
    let mut files: Vec<_> = names
        .iter()
        .zip(&texts)
        .map(|(a, b)| (&**a, &**b))
        .collect();
    files.extend([
        (
            "main",
            "include \"?/*.con[f]\"\ninclude \"d/none*\"\ninclude \"none/*\"",
        ),
        ("d/9.conf", "prefix 2001:db8:9::/96"),
        ("d/.1.conf", "prefix 2001:db8:1::/96"),
        ("d/1.conf~", "prefix 2001:db8:1::/96"),
    ]);
    let dir = Dir::new("order", &files);
    let source = dir.read("main");
    assert_eq!(source.problems, []);
    let numbers = (10..50).chain([9]).map(|n| format!("2001:db8:{n}::/96"));
    assert_eq!(made(&source), numbers.collect::<Vec<_>>());
}

#[test]
fn bad_includes() {
    let dir = Dir::new(
        "bad",
        &[
            (
                "main",
                "prefix x\n  include \"d/one\"\ninclude \"none\"\ninclude \"d/[x\"\n",
            ),
            ("d/one", "map enable\n\nprefix y\ninclude \"../none\""),
            ("self", "map enable\ninclude \"self\"\n"),
            ("a", "include \"d/b\""),
            ("d/b", "include \"c\""),
            ("d/c", "include \"./../d/b\""),
            (
                "words",
                "include\ninclude x\ninclude \"x\" \"y\"\ninclude \"d\"",
            ),
            ("twice", "include \"d/empty\"\ninclude \"d/empty\""),
            ("d/empty", ""),
        ],
    );
    let none = "No such file or directory (os error 2)";
    assert_eq!(
        dir.problems("main"),
        [
            "main:1:8: unexpected `x`: expected V6/LENGTH or flush".to_string(),
            "one:3:8: unexpected `y`: expected V6/LENGTH or flush".into(),
            format!("one:4:9: d/../none: {none}"),
            format!("main:3:9: none: {none}"),
            "main:4:9: d/[x: invalid range pattern".into(),
        ]
    );
    assert_eq!(
        dir.problems("self"),
        ["self:2:9: the file includes itself: self, self"]
    );
    assert_eq!(
        dir.problems("a"),
        ["c:1:9: the file includes itself: d/b, d/c, d/./../d/b"]
    );
    assert_eq!(
        dir.problems("words"),
        [
            "words:1:8: the statement is incomplete: expected \"FILE\"",
            "words:2:9: unexpected `x`: expected \"FILE\"",
            "words:3:13: unexpected `\"y\"`: expected the end",
            "words:4:9: d: Is a directory (os error 21)",
        ]
    );
    assert_eq!(dir.problems("twice"), [""; 0]);
    assert!(Source::read("/none/such").is_err());
}

#[test]
fn depth() {
    let names: Vec<_> = (0..19).map(|n| format!("f{n}")).collect();
    let texts: Vec<_> = (1..20).map(|n| format!("include \"f{n}\"")).collect();
    let mut files: Vec<_> = names
        .iter()
        .zip(&texts)
        .map(|(a, b)| (&**a, &**b))
        .collect();
    files[18].1 = "map enable";
    let dir = Dir::new("depth", &files);
    // This one and 16 more.
    assert_eq!(dir.problems("f2"), [""; 0]);
    assert_eq!(
        dir.problems("f1"),
        ["f17:1:9: files include others more than 16 deep"]
    );
}

#[test]
fn bytes_of_all_files() {
    let mut reader = Reader {
        bytes: MAX_BYTES - 10,
        ..Reader::default()
    };
    assert_eq!(reader.load(&b"12345"[..]).unwrap(), b"12345");
    assert_eq!(
        reader.load(&b"123456"[..]).unwrap_err().to_string(),
        "longer than 67108864 bytes, with all that is included"
    );
    assert_eq!(reader.load(&b"12345"[..]).unwrap(), b"12345");
    assert_eq!(reader.load(&b""[..]).unwrap(), b"");
    assert!(reader.load(&b"1"[..]).is_err());
}

#[test]
fn names_of_addresses() {
    assert_eq!(
        made_of(
            "define P = 2001:db8:64::/96
define pool={192.0.2.1}
define HOSTS = { 2001:db8:1::/64, 2001:db8:2::7,
	# two lines
	2001:db8:3::/48,
}
define ALL = { $HOSTS, ::/0, $P }
define RANGE = 192.0.2.8-192.0.2.9
define NET = 198.51.100.0 / 24
prefix $P
map from $HOSTS to $POOL port 1 - 9 proto tcp
map 7 from any6 to $pool
map from any6 to $RANGE comment \"$HOSTS\"
map from $NET daddr $POOL to daddr 2001:db8::7
map from $ALL to 192.0.2.2
map from daddr $POOL dport 80 to daddr 2001:db8::8 dport 8080"
        ),
        [
            "2001:db8:64::/96",
            "from 2001:db8:1::/64 to 192.0.2.1 port 1 - 9 proto tcp",
            "from 2001:db8:2::7 to 192.0.2.1 port 1 - 9 proto tcp",
            "from 2001:db8:3::/48 to 192.0.2.1 port 1 - 9 proto tcp",
            "from any6 to 192.0.2.1",
            "from any6 to 192.0.2.8/31 comment \"$HOSTS\"",
            "from 198.51.100.0/24 daddr 192.0.2.1 to daddr 2001:db8::7",
            "from 2001:db8:1::/64 to 192.0.2.2",
            "from 2001:db8:2::7 to 192.0.2.2",
            "from 2001:db8:3::/48 to 192.0.2.2",
            "from ::/0 to 192.0.2.2",
            "from 2001:db8:64::/96 to 192.0.2.2",
            "from daddr 192.0.2.1 dport 80 to daddr 2001:db8::8 dport 8080 proto tcp/udp",
        ]
    );
    let source = Source::of("x", b"define A = { 64:ff9b::, 2001:db8::/32 }\nprefix $A");
    let prefix = |placed: &Placed| match &placed.change.statement {
        Statement::PrefixAdd(Prefix { length, .. }) => *length,
        other => panic!("{other:?}"),
    };
    let lengths: Vec<_> = source.changes.iter().map(prefix).collect();
    assert_eq!(lengths, [Some(96), Some(32)]);
    let column = |placed: &Placed| placed.change.words[0].1;
    assert!(source.changes.iter().all(|one| column(one) == 8));
}

#[test]
fn bad_definitions() {
    for (text, message) in [
        ("define", "1:7: the statement is incomplete: expected NAME"),
        ("define A", "1:9: the statement is incomplete: expected ="),
        ("define 5 = ::1", "1:8: unexpected `5`: expected NAME"),
        ("define a.b = ::1", "1:8: unexpected `a.b`: expected NAME"),
        ("define $A = ::1", "1:8: unexpected `$A`: expected NAME"),
        ("define A { ::1 }", "1:10: unexpected `{`: expected ="),
        (
            "define A = any6",
            "1:12: unexpected `any6`: expected {, V4, V4/LENGTH, V4 - V4, V6, V6/LENGTH or $NAME",
        ),
        (
            "define A = { }",
            "1:14: unexpected `}`: expected V4, V4/LENGTH, V4 - V4, V6, V6/LENGTH or $NAME",
        ),
        (
            "define A = ::1, ::2",
            "1:15: unexpected `,`: expected the end",
        ),
        (
            "define A = ::1 - ::2",
            "1:16: unexpected `-`: expected the end",
        ),
        (
            "define A = { ::1 ::2 }",
            "1:18: unexpected `::2`: expected , or }",
        ),
        (
            "define A = { ::1 } x",
            "1:20: unexpected `x`: expected the end",
        ),
        (
            "define A = ::1/129",
            "1:16: a prefix has at most 128 bits, not 129",
        ),
        (
            "define A = 192.0.2.0/33",
            "1:22: a prefix has at most 32 bits, not 33",
        ),
        (
            "define A = 192.0.2.1 - x",
            "1:24: unexpected `x`: expected V4",
        ),
        (
            "map enable\ndefine A = {\n ::1,\n  x }\nmap enable",
            "4:3: unexpected `x`: expected V4, V4/LENGTH, V4 - V4, V6, V6/LENGTH or $NAME",
        ),
        (
            "define A = {\n ::1\nmap enable",
            "3:1: unexpected `map`: expected , or }",
        ),
        (
            "define A = { ::1,\n  ::2 # }\n",
            "2:6: the statement is incomplete: expected , or }",
        ),
        (
            "define A = {\n ::1, ;\n ::2, ; }\n",
            "2:7: unexpected character `;`",
        ),
        (
            "define A = $",
            "1:12: unexpected `$`: expected {, V4, V4/LENGTH, V4 - V4, V6, V6/LENGTH or $NAME",
        ),
        (
            "define HOSTS = ::1\ndefine A = { $HOTS }",
            "2:14: nothing above it defines $HOTS (did you mean HOSTS?)",
        ),
        (
            "define A = ::1\n\n  define a = ::2",
            "3:10: a is defined already, x:1:8",
        ),
    ] {
        assert_eq!(problems(text), [message], "{text}");
    }
}

#[test]
fn bad_uses() {
    let sets = "define V4 = { 192.0.2.1,\n 192.0.2.8/30 }\ndefine V6 = { 2001:db8::/64, ::2 }\n";
    for (line, message) in [
        (
            "map from $v44 to 192.0.2.1",
            "4:10: nothing above it defines $v44 (did you mean V4?)",
        ),
        ("map from $ to 192.0.2.1", "4:10: nothing above it defines $"),
        (
            "map from any6 to $V6",
            "4:18: unexpected `2001:db8::`: expected V4, V4/LENGTH or V4 - V4 ($V6 has 2001:db8::/64, x:3:15)",
        ),
        (
            "map from $V6/48 to 192.0.2.1",
            "4:13: unexpected `/`: expected to",
        ),
        (
            "map from $V6",
            "4:13: the statement is incomplete: expected to",
        ),
        (
            "map from $V6 to $V4",
            "4:17: $V6 and $V4 have several addresses each: one of them in a statement",
        ),
        (
            "map 5 from $V6 to 192.0.2.1",
            "4:5: $V6 has 2 addresses, a rule each: leave the number out",
        ),
        (
            "set error-source = $V4",
            "4:20: $V4 has 2 addresses: a variable has one",
        ),
        (
            "prefix $V4",
            "4:8: unexpected `192.0.2.1`: expected V6/LENGTH or flush ($V4 has 192.0.2.1, x:1:15)",
        ),
        ("show xlate host $V6", "4:1: only on the command line: a file holds prefix, map, set, session, include and define"),
    ] {
        assert_eq!(problems(&format!("{sets}{line}")), [message], "{line}");
    }
    // the second of them
    assert_eq!(
        problems("define A = { 192.0.2.1,\n::1 }\nmap from any6 to $A"),
        ["3:18: unexpected `::1`: expected V4, V4/LENGTH or V4 - V4 ($A has ::1, x:2:1)"]
    );
    // only below, and the whole statement is left out
    assert_eq!(
        problems("prefix $P\ndefine P = 64:ff9b::"),
        ["1:8: nothing above it defines $P"]
    );
}

#[test]
fn many_addresses() {
    let mut text = String::from("define A0 = { ::1, ::2 }\n");
    for n in 1..20 {
        text += &format!("define A{n} = {{ $A{0}, $A{0} }}\n", n - 1);
    }
    let told = problems(&text);
    assert_eq!(told[0], "17:22: too many addresses: 65536 are the most");
    assert_eq!(
        told[1],
        "18:16: nothing above it defines $A16 (did you mean A1?)"
    );
}

#[test]
fn names_in_included_files() {
    let dir = Dir::new(
        "names",
        &[
            (
                "main",
                "include \"sets\"\nprefix $P\nmap from any6 to $Q\ndefine P = ::1",
            ),
            (
                "sets",
                "define P = 2001:db8:64::/96\ndefine Q = 2001:db8::1\ndefine R = ::1",
            ),
        ],
    );
    assert_eq!(
        dir.problems("main"),
        [
            "main:3:18: unexpected `2001:db8::1`: expected V4, V4/LENGTH or V4 - V4 \
             ($Q has 2001:db8::1, sets:2:12)",
            "main:4:8: P is defined already, sets:1:8",
        ]
    );
    let source = dir.read("main");
    assert_eq!(
        told(&source.notices, &source),
        ["sets:3:8: R is defined, and nothing has it"]
    );
}

#[test]
fn what_the_kernel_refuses_is_explained() {
    let source = Source::of(
        "x",
        b"define A = { 192.0.2.1, 192.0.2.8/30 }\nmap from any6 to $A",
    );
    let placed = &source.changes[1];
    let column = placed.change.words[0].1;
    assert_eq!(
        placed.problem(column, "no"),
        Problem::new(18, "no ($A has 192.0.2.8/30, x:1:25)")
    );
    assert_eq!(placed.problem(2, "no"), Problem::new(2, "no"));
    // of the statement
    assert_eq!(
        placed.problem(1, "no"),
        Problem::new(1, "no ($A has 192.0.2.8/30, x:1:25)")
    );
}

proptest! {
    #[test]
    fn any_lines_are_survived(words in prop::collection::vec(
        prop::sample::select(vec![
            "define", "A", "b", "=", "{", "}", ",", "$A", "$B", "192.0.2.1", "2001:db8::", "/", "24",
            "-", "\n", "\n", "map", "from", "to", "any6", "prefix", "include", "\"none\"", "#", "set",
        ]), 0..40)) {
        let _ = Source::of("x", words.join(" ").as_bytes());
    }
}
