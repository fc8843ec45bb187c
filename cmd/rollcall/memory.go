package main

import (
	"os"
	"runtime/debug"

	"rollcall/connectors"
)

// What a scan needs beside the roster, and with a ledger, which remembers every finding and grant; and how many times the
// size of HR's files the people and their index take.
const (
	memoryOfScan   = 108 << 20
	memoryOfLedger = 210 << 20
	memoryOfRoster = 5
)

// holdMemory has garbage collected before it doubles the memory of a large scan: of 100,000 people and a million accounts,
// two thirds of the memory for a tenth more time. It does so by the size of the roster's files, so that a larger company gets
// more before the collector is pressed; where that is not known, or whoever runs rollcall sets GOMEMLIMIT, it does nothing.
func holdMemory(roster connectors.Roster, ledger bool) {
	size := roster.Info().SizeHint
	if size <= 0 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := memoryOfScan + memoryOfRoster*size
	if ledger {
		limit += memoryOfLedger
	}
	debug.SetMemoryLimit(limit)
}

// spareMemory has garbage collected when memory has grown by half instead of doubled: of the report of a million accounts a
// quarter less memory, for a twentieth more work. Whoever sets GOGC is not overruled.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
