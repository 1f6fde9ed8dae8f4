// SPDX-License-Identifier: GPL-2.0

//! Rows with aligned columns.

use std::io::{self, Write};

#[derive(Clone, Copy)]
pub enum Align {
    Left,
    Right,
}

/// Each column is as wide as its widest cell; two blanks between.
pub fn print<const N: usize>(
    out: &mut impl Write,
    align: [Align; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(widths).zip(align) {
            line.push_str(&match align {
                Align::Left => format!("{cell:width$}  "),
                Align::Right => format!("{cell:>width$}  "),
            });
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
