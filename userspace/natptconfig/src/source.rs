// SPDX-License-Identifier: GPL-2.0

//! Statements of files, read whole before anything is done.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{fs, iter};

use natpt_netlink::spec::{attr, Rule, Statement};

use crate::include;
use crate::lexer::{self, Token};
use crate::parser::{self, Change, Define, Include, Line};
use crate::place::{Place, Spot};
use crate::problem::Problem;
use crate::sets::{self, Sets, Use};

/// Most bytes of a file and all that it includes.
const MAX_BYTES: usize = 64 << 20;

/// Most files that may be open, each included by the one before.
const MAX_DEPTH: usize = 16;

/// A change, the line it stands in, and the names of addresses in it.
#[derive(Clone, Debug)]
pub struct Placed {
    pub place: Place,
    pub change: Change,
    pub uses: Vec<Use>,
}

impl Placed {
    /// What is wrong at a column.
    pub fn problem(&self, column: usize, message: impl Into<String>) -> Problem {
        let statement = Some(self.change.column);
        sets::explain(Problem::new(column, message), &self.uses, statement)
    }
}

pub struct File {
    pub name: String,
    pub text: Vec<u8>,
    path: PathBuf,
    /// The same whatever links lead to it.
    real: Option<PathBuf>,
    /// Where its lines begin.
    starts: Vec<usize>,
}

impl File {
    pub fn line(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).and_then(|it| self.starts.get(it));
        let rest = start.and_then(|start| self.text.get(*start..));
        let mut lines = rest.unwrap_or_default().split(|&byte| byte == b'\n');
        lines.next().unwrap_or_default()
    }

    /// The line and column of a column that may be beyond the line's end, in one of the next ones.
    fn locate(&self, line: usize, column: usize) -> (usize, usize) {
        let place = self.starts[line - 1] + column - 1;
        let line = self.starts.partition_point(|&start| start <= place);
        (line, place - self.starts[line - 1] + 1)
    }
}

/// What was read: all changes, or all that is wrong.
#[derive(Default)]
pub struct Source {
    /// The one that was asked for, and those that it includes.
    pub files: Vec<File>,
    pub changes: Vec<Placed>,
    pub problems: Vec<(Place, Problem)>,
    /// What is to be told besides, though nothing is wrong.
    pub notices: Vec<(Place, Problem)>,
}

impl Source {
    /// A file; `-` is standard input.
    pub fn read(path: &str) -> io::Result<Self> {
        let mut reader = Reader::default();
        if path == "-" {
            let text = reader.load(io::stdin())?;
            reader.file("stdin".into(), PathBuf::new(), None, text);
        } else {
            let text = reader.load(fs::File::open(path)?)?;
            let real = fs::canonicalize(path).ok();
            reader.file(path.into(), path.into(), real, text);
        }
        Ok(reader.done())
    }

    /// A text that is in no file.
    pub fn of(name: &str, text: &[u8]) -> Self {
        let mut reader = Reader::default();
        reader.file(name.into(), PathBuf::new(), None, text.to_vec());
        reader.done()
    }

    fn spot(&self, place: Place, column: usize) -> Spot {
        let file = &self.files[place.file];
        let (line, column) = file.locate(place.line, column);
        Spot {
            place: Place { line, ..place },
            column,
            text: format!("{}:{line}:{column}", file.name),
        }
    }

    fn take(&mut self, place: Place, line: Line, uses: Vec<Use>) -> Result<(), Problem> {
        let Line::Change(mut change) = line else {
            let message = "only on the command line: a file holds prefix, map, set, session, \
                           include and define";
            return Err(Problem::new(1, message));
        };
        if let Some(several) = uses.iter().find(|one| one.count > 1) {
            let Use { name, count, .. } = several;
            match &change.statement {
                Statement::MapAdd(Rule {
                    number: Some(_), ..
                }) => {
                    let mut words = change.words.iter();
                    let number = words.find(|word| word.0 == attr::rule::NUMBER);
                    let message =
                        format!("${name} has {count} addresses, a rule each: leave the number out");
                    let column = number.map_or(change.column, |word| word.1);
                    return Err(Problem::new(column, message));
                }
                Statement::Set(_) => {
                    let message = format!("${name} has {count} addresses: a variable has one");
                    return Err(Problem::new(several.column, message));
                }
                _ => (),
            }
        }
        self.notices
            .extend(change.notice.take().map(|it| (place, it)));
        self.changes.push(Placed {
            place,
            change,
            uses,
        });
        Ok(())
    }
}

#[derive(Default)]
struct Reader {
    source: Source,
    sets: Sets,
    /// Files that are being read, each included by the one before.
    open: Vec<usize>,
    bytes: usize,
}

impl Reader {
    fn load(&mut self, input: impl Read) -> io::Result<Vec<u8>> {
        let room = MAX_BYTES - self.bytes;
        let mut text = Vec::new();
        input.take(room as u64 + 1).read_to_end(&mut text)?;
        if text.len() > room {
            let message = format!("longer than {MAX_BYTES} bytes, with all that is included");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        self.bytes += text.len();
        Ok(text)
    }

    fn file(&mut self, name: String, path: PathBuf, real: Option<PathBuf>, text: Vec<u8>) {
        let ends = (1..).zip(&text).filter(|(_, byte)| **byte == b'\n');
        let starts = iter::once(0)
            .chain(ends.map(|(behind, _)| behind))
            .collect();
        let file = self.source.files.len();
        self.source.files.push(File {
            name,
            text: Vec::new(),
            path,
            real,
            starts,
        });
        self.open.push(file);
        let mut lines = (1..).zip(text.split(|&byte| byte == b'\n'));
        while let Some((line, bytes)) = lines.next() {
            let place = Place { file, line };
            let words = words(bytes, lines.by_ref().map(|(_, bytes)| bytes));
            let done = words.and_then(|words| self.statement(place, &words));
            if let Err(Problem { column, message }) = done {
                let spot = self.source.spot(place, column);
                let problem = Problem::new(spot.column, message);
                self.source.problems.push((spot.place, problem));
            }
        }
        self.open.pop();
        self.source.files[file].text = text;
    }

    fn statement(&mut self, place: Place, words: &[Token<'_>]) -> Result<(), Problem> {
        if is_define(words) || !words.iter().any(sets::is_name) {
            return match parser::parse_words(words)? {
                None => Ok(()),
                Some(Line::Include(what)) => self.include(place, &what),
                Some(Line::Define(what)) => self.define(place, what),
                Some(line) => self.source.take(place, line, Vec::new()),
            };
        }
        for (words, uses) in self.sets.each(words)? {
            match parser::parse_words(&words) {
                Ok(None) => (),
                Ok(Some(line)) => self.source.take(place, line, uses)?,
                Err(problem) => return Err(sets::explain(problem, &uses, None)),
            }
        }
        Ok(())
    }

    fn define(&mut self, place: Place, what: Define) -> Result<(), Problem> {
        let source = &self.source;
        self.sets.define(what, |column| source.spot(place, column))
    }

    fn include(&mut self, place: Place, what: &Include) -> Result<(), Problem> {
        let problem = |message: String| Problem::new(what.column, message);
        let told = |path: &Path, why: io::Error| problem(format!("{}: {why}", path.display()));
        if self.open.len() > MAX_DEPTH {
            let message = format!("files include others more than {MAX_DEPTH} deep");
            return Err(problem(message));
        }
        let dir = self.source.files[place.file].path.parent();
        let dir = dir.unwrap_or(Path::new(""));
        let found = include::matching(dir, &what.file);
        for path in found.map_err(|why| told(&dir.join(&what.file), why))? {
            let name = path.display().to_string();
            let real = fs::canonicalize(&path).ok();
            let files = &self.source.files;
            let is_it = |&file: &usize| real.is_some() && files[file].real == real;
            if let Some(first) = self.open.iter().position(is_it) {
                let chain = self.open[first..]
                    .iter()
                    .map(|&file| files[file].name.as_str());
                let chain: Vec<_> = chain.chain([name.as_str()]).collect();
                let message = format!("the file includes itself: {}", chain.join(", "));
                return Err(problem(message));
            }
            let text = fs::File::open(&path).and_then(|file| self.load(file));
            let text = text.map_err(|why| told(&path, why))?;
            self.file(name, path, real, text);
        }
        Ok(())
    }

    fn done(self) -> Source {
        let mut source = self.source;
        for (name, spot) in self.sets.unused() {
            let problem = Problem::new(
                spot.column,
                format!("{name} is defined, and nothing has it"),
            );
            source.notices.push((spot.place, problem));
        }
        source.notices.sort_by_key(|(place, _)| *place);
        source
    }
}

fn is_define(words: &[Token<'_>]) -> bool {
    words.first().is_some_and(|word| word.is("define"))
}

/// The words of a statement; those of a set go on until it is closed, and count columns from the first
/// line on.
fn words<'t>(
    line: &'t [u8],
    mut next: impl Iterator<Item = &'t [u8]>,
) -> Result<Vec<Token<'t>>, Problem> {
    let depth = |words: &[Token<'_>]| {
        let signs = words.iter().map(|word| match word.text {
            "{" => 1,
            "}" => -1,
            _ => 0,
        });
        signs.sum::<i32>()
    };
    let mut words = lexer::tokens(line)?;
    if !is_define(&words) {
        return Ok(words);
    }
    let (mut open, mut wrong) = (depth(&words), None);
    let mut before = line.len() + 1;
    while open > 0 {
        let Some(line) = next.next() else { break };
        match lexer::tokens(line) {
            Ok(more) => {
                open += depth(&more);
                words.extend(more.iter().map(|word| Token {
                    column: word.column + before,
                    end: word.end + before,
                    ..*word
                }));
            }
            Err(why) => {
                let column = why.column + before;
                wrong.get_or_insert(Problem { column, ..why });
            }
        }
        before += line.len() + 1;
    }
    match wrong {
        Some(why) => Err(why),
        None => Ok(words),
    }
}

/// All changes of a text, or all that is wrong, by line.
#[cfg(test)]
pub fn parse(text: &[u8]) -> Result<Vec<Placed>, Vec<(usize, Problem)>> {
    let source = Source::of("x", text);
    if source.problems.is_empty() {
        return Ok(source.changes);
    }
    let problems = source.problems.into_iter();
    Err(problems
        .map(|(place, problem)| (place.line, problem))
        .collect())
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
