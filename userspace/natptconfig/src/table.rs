// SPDX-License-Identifier: GPL-2.0

//! Rows with aligned columns.

use std::io::{self, Write};

#[derive(Clone, Copy)]
pub enum Align {
    Left,
    Right,
}

/// How wide the columns are: each as its widest cell.
#[derive(Default)]
pub struct Widths(Vec<usize>);

impl Widths {
    pub fn fit(&mut self, row: &[String]) {
        self.0.resize(row.len(), 0);
        for (width, cell) in self.0.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }

    /// Print a row; two blanks are between columns, which are aligned to the left if nothing is said.
    pub fn print(&self, out: &mut impl Write, align: &[Align], row: &[String]) -> io::Result<()> {
        let mut line = String::new();
        let align = align.iter().chain(std::iter::repeat(&Align::Left));
        for ((cell, width), align) in row.iter().zip(&self.0).zip(align) {
            line.push_str(&match align {
                Align::Left => format!("{cell:width$}  "),
                Align::Right => format!("{cell:>width$}  "),
            });
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// Print all rows of a table.
pub fn print<const N: usize>(
    out: &mut impl Write,
    align: [Align; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let mut widths = Widths::default();
    for row in rows {
        widths.fit(row);
    }
    for row in rows {
        widths.print(out, &align, row)?;
    }
    Ok(())
}
