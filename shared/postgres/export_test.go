package postgres

// TryMigrationLock is the statement by which a process takes its turn to migrate.
const TryMigrationLock = tryMigrationLock
