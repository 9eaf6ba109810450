-- What somebody may have meant.

-- Edits from one word to the other: Levenshtein, one row at a time.
local function distance(from, to)
  local row = {}
  for j = 0, #to do row[j] = j end
  for i = 1, #from do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #to do
      local cost = from:byte(i) == to:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#to]
end

-- " Did you mean X?" for the nearest of the known words, or nothing if none is near.
return function(word, known)
  local best, steps
  for _, candidate in ipairs(known) do
    local needed = distance(word, candidate)
    if not steps or needed < steps then best, steps = candidate, needed end
  end
  if not best or steps > math.max(2, #word // 3) then return "" end
  return (" Did you mean %s?"):format(best)
end
