//! Both sets of migrations: the same names, the same columns, forth and back.

use std::collections::BTreeSet;
use std::path::Path;

use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use issuant::storage::{OpenError, Storage, migrations};

use super::on_both_databases;
use crate::support::databases::Database;

/// A column: its table, its name, and whether it may be absent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    column: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    nullable: bool,
}

fn columns(database: &mut Database) -> BTreeSet<Column> {
    let url = database.settings().url.clone();
    let columns: Vec<Column> = match database.schema() {
        None => diesel::sql_query(
            "SELECT m.name AS 'table', c.name AS 'column', lower(c.type) AS kind, \
                    c.\"notnull\" = 0 AND c.pk = 0 AS nullable \
             FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'",
        )
        .load(&mut SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap())
        .unwrap(),
        Some(schema) => diesel::sql_query(format!(
            "SELECT table_name::text AS table, column_name::text AS column, \
                    data_type::text AS kind, is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = '{schema}'",
        ))
        .load(&mut PgConnection::establish(&url).unwrap())
        .unwrap(),
    };
    columns
        .into_iter()
        .filter(|column| !column.table.starts_with("__diesel"))
        .map(|column| Column {
            kind: match column.kind.as_str() {
                "text" => "Text",
                "bigint" | "integer" => "BigInt",
                "boolean" => "Bool",
                "blob" | "bytea" => "Binary",
                other => other,
            }
            .to_owned(),
            ..column
        })
        .collect()
}

/// The columns that the program believes in.
fn columns_of_the_program() -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    let mut table = String::new();
    for line in include_str!("../../../src/storage/schema.rs").lines() {
        let line = line.trim();
        if let Some((name, _)) = line.split_once(" (") {
            name.clone_into(&mut table);
        } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let bare = kind.strip_prefix("Nullable<");
            columns.insert(Column {
                table: table.clone(),
                column: name.to_owned(),
                kind: bare.unwrap_or(kind).trim_end_matches('>').to_owned(),
                nullable: bare.is_some(),
            });
        }
    }
    columns
}

fn names(backend: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(backend);
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn both_sets_have_the_same_names() {
    assert_eq!(names("sqlite"), names("postgres"));
}

fn migrations_make_the_columns_of_the_program(database: &mut Database) {
    assert_eq!(columns(database), columns_of_the_program());
}

fn migrations_go_forth_and_back_and_forth(database: &mut Database) {
    let made = columns(database);
    let settings = database.settings().clone();
    assert_eq!(migrations::pending(&settings).unwrap(), [""; 0]);
    assert_eq!(migrations::run(&settings).unwrap(), [""; 0]);
    migrations::revert_all(&settings).unwrap();
    assert_eq!(columns(database), BTreeSet::new());
    let pending = migrations::pending(&settings).unwrap();
    let expected: Vec<String> = names("sqlite").into_iter().collect();
    assert_eq!(pending, expected);
    assert_eq!(migrations::run(&settings).unwrap(), pending);
    assert_eq!(columns(database), made);
    database.open().close();
}

fn an_older_schema_is_not_opened(database: &mut Database) {
    let settings = database.settings().clone();
    migrations::revert_all(&settings).unwrap();
    let Err(error) = Storage::open(&settings) else {
        panic!("it was opened");
    };
    assert!(
        matches!(&error, OpenError::Outdated(pending) if pending.len() == names("sqlite").len())
    );
    assert!(error.to_string().contains("issuant migrate"), "{error}");
}

fn a_newer_schema_is_neither_opened_nor_migrated(database: &mut Database) {
    database.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
    let settings = database.settings().clone();
    let errors = [
        Storage::open(&settings).err().unwrap(),
        migrations::run(&settings).unwrap_err(),
        migrations::pending(&settings).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, OpenError::Newer(version) if version == "29991231000001"));
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

fn of_several_that_migrate_at_once_one_does_the_work(database: &mut Database) {
    let settings = database.settings().clone();
    migrations::revert_all(&settings).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let settings = settings.clone();
            std::thread::spawn(move || migrations::run(&settings).unwrap().len())
        })
        .collect();
    let mut counts: Vec<usize> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 0, names("sqlite").len()]);
}

on_both_databases!(
    migrations_make_the_columns_of_the_program,
    migrations_go_forth_and_back_and_forth,
    an_older_schema_is_not_opened,
    a_newer_schema_is_neither_opened_nor_migrated,
    of_several_that_migrate_at_once_one_does_the_work,
);
