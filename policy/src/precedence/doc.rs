//! docs/precedence.md is these tables.

use super::leaving;
use crate::resolve::rows;

const DOC: &str = include_str!("../../../docs/precedence.md");

/// The cells of the first table below a heading, row by row.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let below = DOC.split_once(&format!("## {heading}\n")).unwrap().1;
    let lines = below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    lines.skip(2).map(cells).collect()
}

#[test]
fn the_first_table_has_the_rows_that_decide_in_their_order() {
    let told: Vec<_> = table("Who wins").iter().map(|cells| cells[0]).collect();
    assert_eq!(told, rows().collect::<Vec<_>>());
}

#[test]
fn the_second_table_has_every_way_to_leave() {
    let told = table("How a unit leaves");
    assert_eq!(
        told.iter().map(|cells| cells[0]).collect::<Vec<_>>(),
        leaving::TABLE.iter().map(|row| row.why).collect::<Vec<_>>()
    );
    for (cells, row) in told.iter().zip(leaving::TABLE) {
        assert!(cells[2].contains(row.code.as_str()), "{}: {}", row.why, row.code);
    }
}
