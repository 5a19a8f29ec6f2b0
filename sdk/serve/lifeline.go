package serve

import (
	"os"
	"strconv"
)

// endWithHost ends the process when the other end of the lifeline is closed:
// by the host after Close, or by the kernel when the host died. Without a
// lifeline it returns. Nothing else stops this goroutine; it lives as long as
// the process.
func endWithHost(descriptor string) {
	fd, err := strconv.Atoi(descriptor)
	if err != nil || fd < 0 {
		return
	}
	pipe := os.NewFile(uintptr(fd), "lifeline")
	if pipe == nil {
		return
	}
	buffer := make([]byte, 1)
	for {
		if _, err := pipe.Read(buffer); err != nil {
			os.Exit(0)
		}
	}
}
