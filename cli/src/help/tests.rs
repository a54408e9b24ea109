//! The pages of help, all of them, as people see them.

use crate::arguments::Arguments;
use clap::{Command, CommandFactory, Parser};

/// Every command with its full name.
fn commands(command: &Command, found: &mut Vec<Command>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        commands(sub, found);
    }
    found.push(command.clone());
}

fn all() -> Vec<Command> {
    let mut root = Arguments::command();
    root.build();
    let mut found = Vec::new();
    commands(&root, &mut found);
    found
}

fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or("writ").to_owned()
}

/// What `--help` prints.
fn page(command: &Command) -> String {
    let name = name(command);
    Arguments::try_parse_from(name.split(' ').chain(["--help"])).unwrap_err().to_string()
}

#[test]
fn pages_of_help_are_short_and_plain() {
    for command in all() {
        let page = page(&command);
        assert!(page.lines().count() <= 50, "the help of `{}` is a treatise", name(&command));
        insta::assert_snapshot!(name(&command).replace(' ', "_"), page);
    }
}

#[test]
fn every_verb_shows_an_example_and_its_exit_codes() {
    for command in all().into_iter().filter(|command| !command.has_subcommands()) {
        let page = page(&command);
        assert!(page.contains("Example:\n  writ") && page.contains("Exit codes:\n  0  fine"), "{}", name(&command));
    }
}

#[test]
fn help_before_a_command_says_what_help_after_it_does() {
    for command in all() {
        let name = name(&command);
        let path = name.split(' ').skip(1);
        let before = Arguments::try_parse_from(["writ", "help"].into_iter().chain(path)).unwrap_err();
        assert_eq!((before.to_string(), before.exit_code()), (page(&command), 0), "{name}");
    }
}

#[test]
fn the_command_line_is_sound() {
    Arguments::command().debug_assert();
}
