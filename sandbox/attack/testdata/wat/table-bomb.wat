;; Grows a table by a million entries at a time, for ever.
(module (memory (export "memory") 1) (table $t 1 funcref)
  (func $f)
  (elem declare func $f)
  (func (export "_start")
    (loop $l (drop (table.grow $t (ref.func $f) (i32.const 1000000))) (br $l))))
