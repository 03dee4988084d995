package testkit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLongLocks_AreConstraintsAndIndexesOnFilledTables(t *testing.T) {
	for sql, mistakes := range map[string]int{
		"create table a (x int); alter table a add constraint a_x check (x > 0);":                                          0,
		"alter table a add column x int, drop constraint a_y;":                                                             0,
		"alter table a add constraint a_x check (x > 0);":                                                                  1,
		"alter table a\n  add constraint a_x check (x > 0) not valid,\n  add constraint a_b foreign key (b) references b;": 1,
		"alter table a add constraint a_x check (x > 0) not valid; -- not valid":                                           0,
		"alter table a add constraint a_x check (x > 0) not valid; alter table a validate constraint a_x;":                 1,
		"ALTER TABLE a VALIDATE CONSTRAINT a_x;":                                                                           0,
		"create index a_x on a (x) where x > 0; -- alone\n":                                                                0,
		"create table a (x int); create unique index a_x on a (x);":                                                        0,
		"alter table a add column x int;\nCREATE UNIQUE INDEX IF NOT EXISTS a_x\n  ON a (x);":                              1,
		"-- alter table a add constraint a_x check (x > 0);":                                                               0,
	} {
		require.Len(t, longLocks(sql), mistakes, sql)
	}
}
