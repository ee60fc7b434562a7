;; CRCs of 64 bits, which are reflected, 16 bytes at a time (slicing, after Kounavis and Berry).
;;
;; A CRC is linear: that of 16 bytes is the sum of what each of them adds, and that is looked up. Table k, at 2048*k, has for
;; each byte its CRC with k zero bytes behind it, 8 bytes each. The CRC so far is added to the first 8 bytes. So of 16 look-ups
;; only 8 wait for the ones before.
(module
  ;; 32 KiB of tables, then the bytes.
  (memory (export "memory") 2)

  ;; The CRC $crc of what came before, with the bytes from $at up to $end behind it; without the inversions that the
  ;; algorithms begin and end with.
  (func (export "update") (param $crc i64) (param $at i32) (param $end i32) (result i64)
    (local $x i64) (local $y i64)
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        (local.set $x (i64.xor (local.get $crc) (i64.load (local.get $at))))
        (local.set $y (i64.load offset=8 (local.get $at)))
        (local.set $crc
          (i64.xor
            (i64.xor
              (i64.xor
                (i64.xor
                  (i64.load offset=30720 (i32.and (i32.shl (i32.wrap_i64 (local.get $x)) (i32.const 3)) (i32.const 2040)))
                  (i64.load offset=28672 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 5))) (i32.const 2040))))
                (i64.xor
                  (i64.load offset=26624 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 13))) (i32.const 2040)))
                  (i64.load offset=24576 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 21))) (i32.const 2040)))))
              (i64.xor
                (i64.xor
                  (i64.load offset=22528 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 29))) (i32.const 2040)))
                  (i64.load offset=20480 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 37))) (i32.const 2040))))
                (i64.xor
                  (i64.load offset=18432 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 45))) (i32.const 2040)))
                  (i64.load offset=16384 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 53))) (i32.const 2040))))))
            (i64.xor
              (i64.xor
                (i64.xor
                  (i64.load offset=14336 (i32.and (i32.shl (i32.wrap_i64 (local.get $y)) (i32.const 3)) (i32.const 2040)))
                  (i64.load offset=12288 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 5))) (i32.const 2040))))
                (i64.xor
                  (i64.load offset=10240 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 13))) (i32.const 2040)))
                  (i64.load offset=8192 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 21))) (i32.const 2040)))))
              (i64.xor
                (i64.xor
                  (i64.load offset=6144 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 29))) (i32.const 2040)))
                  (i64.load offset=4096 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 37))) (i32.const 2040))))
                (i64.xor
                  (i64.load offset=2048 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 45))) (i32.const 2040)))
                  (i64.load offset=0 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $y) (i64.const 53))) (i32.const 2040))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $crc (i64.xor
          (i64.shr_u (local.get $crc) (i64.const 8))
          (i64.load (i32.and
            (i32.shl (i32.xor (i32.wrap_i64 (local.get $crc)) (i32.load8_u (local.get $at))) (i32.const 3))
            (i32.const 2040)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $crc)))
