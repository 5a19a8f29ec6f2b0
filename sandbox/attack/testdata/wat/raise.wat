;; Raises every signal on itself, then yields for ever.
(module
  (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $s i32)
    (loop $l
      (drop (call $raise (local.get $s)))
      (drop (call $yield))
      (local.set $s (i32.add (local.get $s) (i32.const 1)))
      (br $l))))
