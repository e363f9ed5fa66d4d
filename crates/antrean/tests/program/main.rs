//! The program as its users run it: the real binary, its exit codes, its lines, its files.

mod backup;
mod cli;
mod crash;
mod demo;
mod doctor;
mod failover;
mod log;
mod nodes;
mod operating;
mod rehearse;
mod running;
mod server;
mod staff;
mod storm;
mod verify;
