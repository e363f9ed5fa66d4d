//! How a noun writes down its SQL: each statement is a constant, and all of them are in `ALL`, so that a test can prepare every one.

/// Defines the statements of a module, and `ALL` with their names and texts.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*

        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;
