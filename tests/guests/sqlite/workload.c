/* A ledger in an SQLite database, for tests that end it at any moment.

     workload run DATABASE MODE COUNT       commits transactions until there are COUNT of them
     workload check DATABASE LEAST MOST     says whether the database is what it has to be

   MODE is a journal mode: delete, truncate, persist, or wal, which keeps the database to itself, since memory that
   processes share is not to be had in WASI. Each transaction is reported on standard output once it is committed,
   by its number. With SQLITE_TMPDIR in the environment temporary files go there, else they are kept in memory.

   What a transaction does depends on nothing but its number. So a database that holds some of them is compared with
   one in memory in which the same have been done anew: all of each transaction, nothing of the next. */

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 32, BALANCE = 1000, TRANSFERS = 4, KEPT = 3, VACUUM_EVERY = 5 };

static void fail(sqlite3 *database, const char *what) {
    printf("failed: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

/* Runs a statement with up to three numbers and returns the first number of its first row, or -1. */
static int64_t with(sqlite3 *database, const char *sql, int64_t one, int64_t two, int64_t three) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) fail(database, sql);
    const int64_t numbers[] = {one, two, three};
    for (int index = 0; index < sqlite3_bind_parameter_count(statement); index++)
        sqlite3_bind_int64(statement, index + 1, numbers[index]);
    int64_t first = -1;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        first = sqlite3_column_int64(statement, 0);
        while (result == SQLITE_ROW) result = sqlite3_step(statement);
    }
    if (result != SQLITE_DONE) fail(database, sql);
    sqlite3_finalize(statement);
    return first;
}

static int64_t run(sqlite3 *database, const char *sql) { return with(database, sql, 0, 0, 0); }

/* Prints the text that a statement returns. */
static void print(sqlite3 *database, const char *what, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) fail(database, sql);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        printf("%s: %s\n", what, (const char *)sqlite3_column_text(statement, 0));
    if (result != SQLITE_DONE) fail(database, sql);
    sqlite3_finalize(statement);
}

static sqlite3 *opened(const char *path) {
    sqlite3 *database;
    if (sqlite3_open(path, &database) != SQLITE_OK) fail(database, path);
    return database;
}

/* Pseudo-random numbers of a transaction. */
static uint64_t state;

static int64_t below(int64_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)limit);
}

/* How many transactions the database holds. */
static int64_t held(sqlite3 *database) {
    if (run(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'ledger'") == 0) return 0;
    return run(database, "SELECT max(number) FROM ledger");
}

/* The first transaction. */
static void found(sqlite3 *database) {
    run(database, "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)");
    run(database, "CREATE TABLE entry (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, account INTEGER NOT NULL,"
                  " amount INTEGER NOT NULL, note TEXT)");
    run(database, "CREATE INDEX entries ON entry (account, number)");
    run(database, "CREATE TABLE ledger (number INTEGER PRIMARY KEY, entries INTEGER NOT NULL)");
    for (int account = 0; account < ACCOUNTS; account++)
        with(database, "INSERT INTO account VALUES (?, ?)", account, BALANCE, 0);
}

static void transact(sqlite3 *database, int64_t number) {
    state = (uint64_t)number;
    run(database, "BEGIN");
    if (number == 1) found(database);
    for (int transfer = 0; transfer < TRANSFERS; transfer++) {
        int64_t from = below(ACCOUNTS), to = below(ACCOUNTS), amount = below(100);
        with(database, "UPDATE account SET balance = balance - ? WHERE id = ?", amount, from, 0);
        with(database, "UPDATE account SET balance = balance + ? WHERE id = ?", amount, to, 0);
        with(database, "INSERT INTO entry (number, account, amount) VALUES (?, ?, ?)", number, from, -amount);
        with(database, "INSERT INTO entry (number, account, amount) VALUES (?, ?, ?)", number, to, amount);
    }
    /* Some are longer than a page. */
    with(database, "UPDATE entry SET note = printf('%0*d', ?, ?) WHERE number = ? AND account % 3 = 0",
         below(below(4) == 0 ? 9000 : 600) + 1, number, number);
    with(database, "UPDATE entry SET note = 'changed by ' || ? WHERE number = ? - 2 AND account % 2 = 0", number, number,
         0);
    with(database, "DELETE FROM entry WHERE number = ? - ?", number, KEPT, 0);
    with(database, "INSERT INTO ledger VALUES (?, (SELECT count(*) FROM entry))", number, 0, 0);
    run(database, "COMMIT");
}

/* A digest of everything that a database holds. */
static uint64_t digest(sqlite3 *database) {
    static const char *const CONTENTS[] = {
        "SELECT type || name || tbl_name || coalesce(sql, '') FROM sqlite_schema ORDER BY name",
        "SELECT id || ' ' || balance FROM account ORDER BY id",
        "SELECT id || ' ' || number || ' ' || account || ' ' || amount || coalesce(note, '') FROM entry ORDER BY id",
        "SELECT account || ' ' || number FROM entry INDEXED BY entries ORDER BY account, number",
        "SELECT number || ' ' || entries FROM ledger ORDER BY number",
    };
    uint64_t sum = 14695981039346656037u;
    for (size_t index = 0; index < sizeof CONTENTS / sizeof *CONTENTS; index++) {
        sqlite3_stmt *statement;
        if (sqlite3_prepare_v2(database, CONTENTS[index], -1, &statement, NULL) != SQLITE_OK)
            fail(database, CONTENTS[index]);
        int result;
        while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
            const unsigned char *text = sqlite3_column_text(statement, 0);
            do sum = (sum ^ *text) * 1099511628211u;
            while (*text++ != 0);
        }
        if (result != SQLITE_DONE) fail(database, CONTENTS[index]);
        sqlite3_finalize(statement);
    }
    return sum;
}

static int run_until(const char *path, const char *mode, int64_t count) {
    sqlite3 *database = opened(path);
    if (strcmp(mode, "wal") == 0) run(database, "PRAGMA locking_mode = EXCLUSIVE");
    char *set = sqlite3_mprintf("PRAGMA journal_mode = %s", mode);
    print(database, "journal", set);
    sqlite3_free(set);
    run(database, "PRAGMA synchronous = FULL");
    /* Small, so that pages leave it in the middle of a transaction. */
    run(database, "PRAGMA cache_size = 10");
    if (getenv("SQLITE_TMPDIR") != NULL) run(database, "PRAGMA temp_store = FILE");
    for (int64_t number = held(database) + 1; number <= count; number++) {
        transact(database, number);
        printf("committed: %lld\n", (long long)number);
        fflush(stdout);
        if (number % VACUUM_EVERY == 0) run(database, "VACUUM");
    }
    if (sqlite3_close(database) != SQLITE_OK) fail(database, "closing");
    return 0;
}

static int check(const char *path, int64_t least, int64_t most) {
    sqlite3 *database = opened(path);
    /* Without it a log is not read; with others it changes nothing. */
    run(database, "PRAGMA locking_mode = EXCLUSIVE");
    print(database, "integrity", "PRAGMA integrity_check");
    int64_t holds = held(database);
    printf("holds: %lld\n", (long long)holds);
    if (holds < least || holds > most) {
        printf("failed: %lld to %lld were to be expected\n", (long long)least, (long long)most);
        return 1;
    }
    sqlite3 *anew = opened(":memory:");
    for (int64_t number = 1; number <= holds; number++) transact(anew, number);
    if (holds > 0 && digest(database) != digest(anew)) {
        printf("failed: they are not what they were\n");
        return 1;
    }
    printf("as it has to be\n");
    return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "run") == 0) return run_until(argv[2], argv[3], atoll(argv[4]));
    if (argc == 5 && strcmp(argv[1], "check") == 0) return check(argv[2], atoll(argv[3]), atoll(argv[4]));
    fprintf(stderr, "usage: workload run DATABASE MODE COUNT | workload check DATABASE LEAST MOST\n");
    return 2;
}
