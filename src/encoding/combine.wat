;; The heart of the Reed-Solomon codec: target[i] = c0*s0[i] + c1*s1[i] + c2*s2[i] + c3*s3[i] over GF(2^8).
;;
;; Multiplication by a constant is linear over the bits of a byte, so c*x = c*(x & 15) ^ c*(x & 240): two look-ups in
;; tables of 16 bytes, which i8x16.swizzle does for 16 bytes at once. The caller lays the tables out as
;; low0 high0 low1 high1 low2 high2 low3 high3 (16 bytes each), where low[n] = c*n and high[n] = c*(16*n).
(module
  (memory (export "memory") 1)

  ;; $sources: the first of four strips, $stride bytes apart. $length: a multiple of 32. Strips never overlap.
  (func (export "combine")
    (param $tables i32) (param $sources i32) (param $stride i32) (param $target i32) (param $length i32)
    (local $low0 v128) (local $high0 v128) (local $low1 v128) (local $high1 v128)
    (local $low2 v128) (local $high2 v128) (local $low3 v128) (local $high3 v128)
    (local $nibble v128) (local $x v128) (local $y v128) (local $sum v128) (local $sum2 v128)
    (local $s1 i32) (local $s2 i32) (local $s3 i32) (local $end i32)

    (local.set $low0 (v128.load offset=0 (local.get $tables)))
    (local.set $high0 (v128.load offset=16 (local.get $tables)))
    (local.set $low1 (v128.load offset=32 (local.get $tables)))
    (local.set $high1 (v128.load offset=48 (local.get $tables)))
    (local.set $low2 (v128.load offset=64 (local.get $tables)))
    (local.set $high2 (v128.load offset=80 (local.get $tables)))
    (local.set $low3 (v128.load offset=96 (local.get $tables)))
    (local.set $high3 (v128.load offset=112 (local.get $tables)))
    (local.set $nibble (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))
    (local.set $s1 (i32.add (local.get $sources) (local.get $stride)))
    (local.set $s2 (i32.add (local.get $s1) (local.get $stride)))
    (local.set $s3 (i32.add (local.get $s2) (local.get $stride)))
    (local.set $end (i32.add (local.get $sources) (local.get $length)))

    (block $done
      (br_if $done (i32.eqz (local.get $length)))
      (loop $next
        (local.set $x (v128.load (local.get $sources)))
        (local.set $y (v128.load offset=16 (local.get $sources)))
        (local.set $sum (v128.xor
          (i8x16.swizzle (local.get $low0) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high0) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble)))))
        (local.set $sum2 (v128.xor
          (i8x16.swizzle (local.get $low0) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high0) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble)))))

        (local.set $x (v128.load (local.get $s1)))
        (local.set $y (v128.load offset=16 (local.get $s1)))
        (local.set $sum (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low1) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high1) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (local.set $sum2 (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low1) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high1) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $x (v128.load (local.get $s2)))
        (local.set $y (v128.load offset=16 (local.get $s2)))
        (local.set $sum (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low2) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high2) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (local.set $sum2 (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low2) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high2) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $x (v128.load (local.get $s3)))
        (local.set $y (v128.load offset=16 (local.get $s3)))
        (v128.store (local.get $target) (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low3) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high3) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (v128.store offset=16 (local.get $target) (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low3) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high3) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $s1 (i32.add (local.get $s1) (i32.const 32)))
        (local.set $s2 (i32.add (local.get $s2) (i32.const 32)))
        (local.set $s3 (i32.add (local.get $s3) (i32.const 32)))
        (local.set $target (i32.add (local.get $target) (i32.const 32)))
        (local.set $sources (i32.add (local.get $sources) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $sources) (local.get $end)))))))
