package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/automaton"
)

func TestTransitions_ArePublishedAsTheCodeRunsThem(t *testing.T) {
	table, err := table()
	require.NoError(t, err)
	require.NoError(t, automaton.Check("../../..", table))
}
