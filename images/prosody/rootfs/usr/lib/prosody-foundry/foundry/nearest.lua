-- What somebody may have meant.

-- Edits from one word to the other, two letters that changed places being one: rows of the matrix, of which two are kept.
local function distance(from, to)
  local before, row = nil, {}
  for j = 0, #to do row[j] = j end
  for i = 1, #from do
    local now = { [0] = i }
    for j = 1, #to do
      local cost = from:byte(i) == to:byte(j) and 0 or 1
      now[j] = math.min(row[j] + 1, now[j - 1] + 1, row[j - 1] + cost)
      local changed_places = i > 1 and j > 1 and from:byte(i) == to:byte(j - 1) and from:byte(i - 1) == to:byte(j)
      if changed_places then now[j] = math.min(now[j], before[j - 2] + 1) end
    end
    before, row = row, now
  end
  return row[#to]
end

-- " Did you mean X?" for the nearest of the known words, and that word; or nothing if none is near.
return function(word, known)
  local best, steps
  for _, candidate in ipairs(known) do
    local needed = distance(word, candidate)
    if not steps or needed < steps then best, steps = candidate, needed end
  end
  -- What all options begin with makes none of them nearer.
  local own = word:gsub("^PROSODY_", "")
  if not best or steps > math.max(2, #own // 3) then return "" end
  return (" Did you mean %s?"):format(best), best
end
