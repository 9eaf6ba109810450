-- Goes through all records of a place in an order that is the same for every backend, and sums them up.

local record = require("foundry.data.record")
local sha256 = require("foundry.data.prosody").load("util.hashes").sha256

local function hex(bytes)
  return (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

-- Counts and digests of what it is told of, section by section.
local function summer()
  local self = { list = {} }
  local current, state
  function self.open(section)
    current = { host = section.host, store = section.store, kind = section.kind, count = 0 }
    state = ""
  end
  function self.add(comparable)
    current.count = current.count + 1
    state = sha256(state .. comparable)
  end
  -- What is empty is nowhere: no backend keeps it.
  function self.close()
    current.digest = hex(state)
    if current.count > 0 then self.list[#self.list + 1] = current end
    return current
  end
  return self
end

local function walk_section(place, section, each, sum)
  sum.open(section)
  for _, user in ipairs(place:users(section)) do
    for found in place:read(section, user) do
      local line, comparable = record.encode(found)
      sum.add(comparable)
      each(section, found, line)
    end
  end
  return sum.close()
end

-- Calls each(section, record, line); answers { { host =, store =, kind =, count =, digest = }, … }. `progress` is told
-- of each section that is done.
local function walk(place, each, progress)
  local sum = summer()
  for _, section in ipairs(place:sections()) do progress(walk_section(place, section, each, sum)) end
  return sum.list
end

local function sum_up(place, progress)
  return walk(place, function() end, progress)
end

local function key_of(section)
  return section.host .. "\0" .. section.store .. "\0" .. section.kind
end

-- { host =, store =, kind =, source =, target =, same = } of all sections of two sums.
local function compare(source, target)
  local rows, at = {}, {}
  local function row_of(section)
    local key = key_of(section)
    if not at[key] then
      at[key] = { host = section.host, store = section.store, kind = section.kind, source = 0, target = 0 }
      rows[#rows + 1] = at[key]
    end
    return at[key]
  end
  for _, section in ipairs(source) do
    local row = row_of(section)
    row.source, row.digest = section.count, section.digest
  end
  for _, section in ipairs(target) do
    local row = row_of(section)
    row.target, row.same = section.count, section.digest == row.digest
  end
  local same = true
  for _, row in ipairs(rows) do
    row.same = row.same or false
    same = same and row.same
  end
  return rows, same
end

return { walk = walk, sum_up = sum_up, summer = summer, compare = compare }
