-- A tar file as any tar program reads it (POSIX ustar, with pax records for long names and large files), as a stream.

local block = 512
local zeros = ("\0"):rep(block)
local most_octal = 8 ^ 11 - 1 -- a larger size does not fit into its field

local function field(text, size) return text .. ("\0"):rep(size - #text) end
local function octal(number, size) return ("%0" .. size - 1 .. "o\0"):format(number) end

local function header(name, size, kind)
  local before = field(name, 100) .. octal(384, 8) .. octal(0, 8) .. octal(0, 8) .. octal(size, 12) .. octal(os.time(), 12)
  local after = kind .. ("\0"):rep(100) .. "ustar\00000" .. ("\0"):rep(64) .. octal(0, 8) .. octal(0, 8) .. ("\0"):rep(155 + 12)
  local sum = 8 * 32
  for i = 1, #before do sum = sum + before:byte(i) end
  for i = 1, #after do sum = sum + after:byte(i) end
  return before .. ("%06o\0 "):format(sum) .. after
end

local function padding(size) return zeros:sub(1, -size % block) end

-- "length key=value\n", where the length counts itself.
local function pax_record(key, value)
  local rest = (" %s=%s\n"):format(key, value)
  local length = #rest
  while #tostring(length) + #rest ~= length do length = #tostring(length) + #rest end
  return length .. rest
end

local function writer(write)
  local self = {}
  function self.start(name, size)
    local records = ""
    if #name > 100 then records = pax_record("path", name) end
    if size > most_octal then records = records .. pax_record("size", size) end
    if records ~= "" then write(header("pax", #records, "x") .. records .. padding(#records)) end
    write(header(name:sub(-100), size > most_octal and 0 or size, "0"))
    return function(text) write(text) end, function() write(padding(size)) end
  end
  function self.add(name, text)
    self.start(name, #text)
    write(text .. padding(#text))
  end
  function self.finish() write(zeros .. zeros) end
  return self
end

local function check_sum(bytes)
  local sum = 0
  for i = 1, block do sum = sum + ((i > 148 and i <= 156) and 32 or bytes:byte(i)) end
  return sum == tonumber(bytes:sub(149, 156):match("%d+") or "", 8)
end

local function number_in(bytes, from, to)
  return tonumber(bytes:sub(from, to):match("[0-7]+") or "", 8)
end

local function text_in(bytes, from, to) return (bytes:sub(from, to):gsub("%z.*$", "")) end

local function name_of(bytes)
  local name, prefix = text_in(bytes, 1, 100), text_in(bytes, 346, 500)
  if prefix ~= "" then name = prefix .. "/" .. name end
  return (name:gsub("^%./", ""))
end

local broken = "The backup is damaged, or ends early."

-- `read(count)` gives that many bytes, fewer only at the end.
local function reader(read)
  local left, gap = 0, 0
  local function take(count)
    local bytes = count == 0 and "" or read(count)
    if not bytes or #bytes ~= count then error(broken, 0) end
    return bytes
  end
  -- The next part of the member, nil at its end.
  local function part(most)
    if left == 0 then
      take(gap)
      gap = 0
      return nil
    end
    local bytes = take(math.min(left, most or 65536))
    left = left - #bytes
    return bytes
  end
  local function whole()
    local parts = {}
    for bytes in part do parts[#parts + 1] = bytes end
    return table.concat(parts)
  end
  local function expect(size)
    left = size
    gap = -left % block
  end
  local function next_header()
    while part() do end
    local bytes = take(block)
    if bytes == zeros then return nil end
    if not check_sum(bytes) then error(broken, 0) end
    expect(number_in(bytes, 125, 136) or error(broken, 0))
    return bytes
  end
  -- The name of the next member, its size; nil at the end.
  local function next_member()
    local long, large
    while true do
      local bytes = next_header()
      if not bytes then return nil end
      local kind = bytes:sub(157, 157)
      if kind == "x" then
        local records = "\n" .. whole()
        long, large = records:match("\n%d+ path=(.-)\n"), records:match("\n%d+ size=(%d+)\n")
      elseif kind == "0" or kind == "\0" then
        if large then expect(math.tointeger(large)) end
        return long or name_of(bytes), left
      elseif kind ~= "5" then error("The backup holds something that is neither file nor folder.", 0) end
    end
  end
  return { next = next_member, part = part, whole = whole }
end

return { writer = writer, reader = reader, broken = broken }
