package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// children reads the lists that the kernel keeps by thread, because a child belongs to the thread that forked it.
func children(pid int) []int {
	tasks := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil
	}
	var pids []int
	for _, t := range threads {
		b, err := os.ReadFile(tasks + "/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(b)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
