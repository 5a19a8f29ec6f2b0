;; Grows memory for ever and touches every page of it.
(module (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    (loop $grow
      (drop (memory.grow (i32.const 16)))
      (local.set $at (i32.const 0))
      (loop $touch
        (i32.store (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if $touch (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (br $grow))))
