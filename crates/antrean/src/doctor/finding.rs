//! What the doctor finds: a grade, a sentence, and what to do about it.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

/// How good or bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Could not be looked at, or need not be.
    Note,
    /// Works now, and may hurt on a Friday.
    Warning,
    /// Does not work, or not as promised.
    Wrong,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warning => "WARNING",
            Self::Wrong => "WRONG",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `clock`.
    pub area: &'static str,
    /// How good or bad it is.
    pub grade: Grade,
    /// What was found, as a sentence.
    pub says: String,
    /// What to do, as a sentence; for warnings and what is wrong.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Everything that was found, in the order of looking.
#[derive(Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Something is as it should be.
    pub fn good(&mut self, area: &'static str, says: impl Into<String>) {
        self.findings.push(Finding { area, grade: Grade::Good, says: says.into(), remedy: None });
    }

    /// Something could not be looked at, or need not be.
    pub fn note(&mut self, area: &'static str, says: impl Into<String>) {
        self.findings.push(Finding { area, grade: Grade::Note, says: says.into(), remedy: None });
    }

    /// Something may hurt.
    pub fn warning(&mut self, area: &'static str, says: impl Into<String>, remedy: impl Into<String>) {
        self.findings.push(Finding { area, grade: Grade::Warning, says: says.into(), remedy: Some(remedy.into()) });
    }

    /// Something does not work.
    pub fn wrong(&mut self, area: &'static str, says: impl Into<String>, remedy: impl Into<String>) {
        self.findings.push(Finding { area, grade: Grade::Wrong, says: says.into(), remedy: Some(remedy.into()) });
    }

    /// How many findings have a grade.
    pub fn count(&self, grade: Grade) -> usize {
        self.findings.iter().filter(|finding| finding.grade == grade).count()
    }

    /// Everything that was found.
    #[cfg(test)]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// For programs.
    pub fn as_json(&self) -> Value {
        json!({
            "well": self.count(Grade::Wrong) == 0,
            "wrong": self.count(Grade::Wrong),
            "warnings": self.count(Grade::Warning),
            "findings": self.findings,
        })
    }

    /// For people: by area, with a last line that counts.
    pub fn as_text(&self) -> String {
        let mut text = String::new();
        let mut area = "";
        for finding in &self.findings {
            if finding.area != area {
                area = finding.area;
                let _ = writeln!(text, "{area}");
            }
            let _ = writeln!(text, "  {:<8} {}", finding.grade.word(), finding.says);
            if let Some(remedy) = &finding.remedy {
                let _ = writeln!(text, "           -> {remedy}");
            }
        }
        let (wrong, warnings, good) = (self.count(Grade::Wrong), self.count(Grade::Warning), self.count(Grade::Good));
        let _ = write!(text, "{wrong} wrong, {warnings} warnings, {good} good");
        text
    }
}
