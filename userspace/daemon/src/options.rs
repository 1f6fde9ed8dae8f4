// SPDX-License-Identifier: GPL-2.0

//! The words of a command line that follows older rules than getopt_long(3)'s.

pub struct Arguments<I> {
    program: &'static str,
    words: I,
    last: String,
}

impl<I: Iterator<Item = String>> Arguments<I> {
    pub fn new(program: &'static str, words: I) -> Self {
        Self {
            program,
            words,
            last: String::new(),
        }
    }

    /// The value of the last option.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn value(&mut self) -> Result<String, String> {
        let (option, program) = (&self.last, self.program);
        let missing = || format!("{option} needs a value; see {program} --help");
        self.words.next().ok_or_else(missing)
    }

    /// Print what -h or -V, the last option, asks for.
    pub fn print(&self, help: &str) {
        match self.last.as_str() {
            "-V" | "--version" => println!("{} {}", self.program, env!("CARGO_PKG_VERSION")),
            _ => print!("{help}"),
        }
    }

    /// The error that the last option is.
    pub fn unknown(&self) -> String {
        format!("{} is no option; see {} --help", self.last, self.program)
    }
}

impl<I: Iterator<Item = String>> Iterator for Arguments<I> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.last = self.words.next()?;
        Some(self.last.clone())
    }
}
