;; Waits actively for a time that a frozen clock would never show.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $l (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 0))) (br_if $l (i64.lt_u (i64.load (i32.const 0)) (i64.const 0x7fffffffffffffff))))))
