-- SHA-256 of what comes in parts. Prosody's own, in C, takes a whole text; that does for all but large files.

local at_once = 8 * 1024 * 1024

local constants = {}
do -- the first bits of the cube roots of the first primes
  local function is_prime(n)
    for i = 2, math.floor(n ^ 0.5) do if n % i == 0 then return false end end
    return true
  end
  local n = 2
  while #constants < 64 do
    if is_prime(n) then constants[#constants + 1] = math.floor((n ^ (1 / 3)) % 1 * 2 ^ 32) end
    n = n + 1
  end
end

local function turn(x, n) return (x >> n | x << (32 - n)) & 0xffffffff end

local function schedule(text, at)
  local w = { (">I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4"):unpack(text, at) }
  for i = 17, 64 do
    local a, b = w[i - 15], w[i - 2]
    local s0 = turn(a, 7) ~ turn(a, 18) ~ a >> 3
    local s1 = turn(b, 17) ~ turn(b, 19) ~ b >> 10
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) & 0xffffffff
  end
  return w
end

local function compress(state, text, at)
  local w = schedule(text, at)
  local a, b, c, d, e, f, g, h = table.unpack(state)
  for i = 1, 64 do
    local one = h + (turn(e, 6) ~ turn(e, 11) ~ turn(e, 25)) + (e & f ~ ~e & g) + constants[i] + w[i]
    local two = (turn(a, 2) ~ turn(a, 13) ~ turn(a, 22)) + (a & b ~ a & c ~ b & c)
    a, b, c, d, e, f, g, h = (one + two) & 0xffffffff, a, b, c, (d + one) & 0xffffffff, e, f, g
  end
  for i, value in ipairs({ a, b, c, d, e, f, g, h }) do state[i] = (state[i] + value) & 0xffffffff end
end

local function stream()
  local state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }
  local rest, length = "", 0
  local function add(text)
    length = length + #text
    text = rest .. text
    local whole = #text - #text % 64
    for at = 1, whole, 64 do compress(state, text, at) end
    rest = text:sub(whole + 1)
  end
  local function finish()
    local bits = length * 8
    add("\128" .. ("\0"):rep((55 - length) % 64) .. (">I8"):pack(bits))
    return ("%08x"):rep(8):format(table.unpack(state))
  end
  return { add = add, finish = finish }
end

local function native()
  local sha256 = require("foundry.data.prosody").load("util.hashes").sha256
  local parts = {}
  return {
    add = function(text) parts[#parts + 1] = text end,
    finish = function() return sha256(table.concat(parts), true) end,
  }
end

-- For so many bytes.
return { open = function(size) return size <= at_once and native() or stream() end, stream = stream }
