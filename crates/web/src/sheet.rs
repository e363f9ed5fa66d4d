//! Tables for spreadsheets: the same rows as CSV and as XLSX. No cell is ever a formula, whatever a name begins with.

use antrean_domain::quota_table::guarded;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::problem::Trouble;

/// Most letters of a sheet's name that spreadsheets take.
const NAME_CHARS_MAX: usize = 31;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(i64),
    Empty,
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Option<u32>> for Cell {
    fn from(number: Option<u32>) -> Self {
        number.map_or(Self::Empty, Self::from)
    }
}

/// A table with a line of headings.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// What the tab in a spreadsheet is called.
    pub name: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Csv,
    Xlsx,
}

impl Sheet {
    /// The first sheet as CSV, or all of them as one XLSX, to be downloaded under a name.
    pub(crate) fn download(sheets: &[Self], form: Form, name: &str, cache: &'static str) -> Result<Response, Trouble> {
        let (kind, end, bytes) = match form {
            Form::Csv => ("text/csv; charset=utf-8", "csv", sheets.first().map(Self::to_csv).unwrap_or_default()),
            Form::Xlsx => {
                let bytes = to_xlsx(sheets).map_err(|error| {
                    tracing::error!(%error, "a spreadsheet cannot be made");
                    Trouble::Broken
                })?;
                ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", bytes)
            }
        };
        let disposition = format!("attachment; filename=\"{name}.{end}\"");
        let headers =
            [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition), (CACHE_CONTROL, cache.to_owned())];
        Ok((headers, bytes).into_response())
    }

    fn to_csv(&self) -> Vec<u8> {
        let mut text = String::new();
        let head = self.head.iter().map(|text| quoted(text)).collect::<Vec<_>>();
        text.push_str(&head.join(","));
        text.push_str("\r\n");
        for row in &self.rows {
            let cells = row.iter().map(|cell| match cell {
                Cell::Text(text) => quoted(text),
                Cell::Number(number) => number.to_string(),
                Cell::Empty => String::new(),
            });
            text.push_str(&cells.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        text.into_bytes()
    }
}

/// A text as a cell of RFC 4180 that no spreadsheet takes for a formula.
fn quoted(text: &str) -> String {
    let text = guarded(text);
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn to_xlsx(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    for sheet in sheets {
        let page = book.add_worksheet();
        // These signs mean something in references to sheets.
        let name: String = sheet.name.chars().filter(|letter| !"[]:*?/\\'".contains(*letter)).collect();
        page.set_name(name.chars().take(NAME_CHARS_MAX).collect::<String>())?;
        page.set_freeze_panes(1, 0)?;
        for (text, column) in sheet.head.iter().zip(0_u16..) {
            page.write_string_with_format(0, column, text, &bold)?;
        }
        for (cells, row) in sheet.rows.iter().zip(1_u32..) {
            for (cell, column) in cells.iter().zip(0_u16..) {
                match cell {
                    // Written as text, so that it stays text.
                    Cell::Text(text) => page.write_string(row, column, text)?,
                    Cell::Number(number) => page.write_number(row, column, *number as f64)?,
                    Cell::Empty => page,
                };
            }
        }
        page.autofit();
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let text = |text: &str| Cell::Text(text.to_owned());
        Sheet {
            name: "Kantor: [a/b]".to_owned(),
            head: vec!["=kantor".to_owned(), "n".to_owned()],
            rows: vec![vec![text("=1+1"), Cell::Number(7)], vec![text("a, \"b\""), Cell::Empty]],
        }
    }

    #[test]
    fn csv_has_no_formula_and_is_quoted() {
        let text = String::from_utf8(sheet().to_csv()).unwrap();
        assert_eq!(text, "'=kantor,n\r\n'=1+1,7\r\n\"a, \"\"b\"\"\",\r\n");
    }

    #[test]
    fn xlsx_has_text_where_there_was_text() {
        let bytes = to_xlsx(&[sheet()]).unwrap();
        assert!(bytes.starts_with(b"PK"), "a zip archive");
        assert!(bytes.len() > 2_000);
    }
}
