package supervisor

import "testing"

func TestOnlyMissesInARowCount(t *testing.T) {
	var misses tally
	const limit = 3
	for range 10 {
		if misses.miss(limit) || misses.miss(limit) {
			t.Fatal("two misses in a row were too many")
		}
		misses.answered()
	}
	misses.miss(limit)
	misses.miss(limit)
	if !misses.miss(limit) {
		t.Error("three misses in a row were not enough")
	}
}
