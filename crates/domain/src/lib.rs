//! What is true about people, offices, days, places and draws; it never does I/O, reads a clock or makes randomness.

pub mod appointment;
pub mod calendar;
pub mod calling;
pub mod catalogue;
pub mod closure;
pub mod consequence;
pub mod draw;
pub mod keys;
pub mod kk;
pub mod name;
pub mod nik;
pub mod office;
pub mod person;
pub mod phone;
pub mod queue_code;
pub mod quota;
pub mod region;
pub mod release;
pub mod service;
pub mod slot;
pub mod staff;
pub mod ticket;
pub mod timetable;
pub mod visit;
pub mod waiting;
pub mod wave;
