package template

import (
	"fmt"
	"testing"
)

func BenchmarkLines(b *testing.B) {
	lines := make([]string, 4096)
	for i := range lines {
		switch i % 4 {
		case 0:
			lines[i] = fmt.Sprintf("BLOCK* NameSystem.addStoredBlock: blockMap updated: 10.251.%d.%d:50010 is added to blk_%d size 67108864", i%250, i%77, i*7919)
		case 1:
			lines[i] = fmt.Sprintf("session opened for user u%c%c by (uid=0)", 'a'+i%26, 'a'+i/26%26)
		case 2:
			lines[i] = fmt.Sprintf(`10.11.10.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail HTTP/1.1" status: 200 len: %d time: 0.2577181`, i)
		case 3:
			lines[i] = fmt.Sprintf("Received block blk_%d of size %d from /10.251.42.84", i*13, i)
		}
	}
	m := New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Add(lines[i%len(lines)])
	}
}
