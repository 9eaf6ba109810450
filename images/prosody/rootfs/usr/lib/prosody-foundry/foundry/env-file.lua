-- A file of NAME=value lines, as `docker run --env-file`, Compose and a shell have them.

local escapes = { n = "\n", r = "\r", t = "\t" }

local function unquote(text)
  local single = text:match("^'(.-)'%s*$") or text:match("^'(.-)'%s+#.*$")
  if single then return single end
  local rest = text:match('^"(.*)$')
  if not rest then return (text:gsub("%s+#.*$", ""):gsub("%s+$", "")) end
  local value, i = {}, 1
  while i <= #rest do
    local letter = rest:sub(i, i)
    if letter == '"' then return table.concat(value) end
    if letter == "\\" then
      i = i + 1
      letter = escapes[rest:sub(i, i)] or rest:sub(i, i)
    end
    value[#value + 1] = letter
    i = i + 1
  end
end

-- { { name =, text = }, … } and { number of a line that is none, … }.
return function(content)
  local variables, bad, number = {}, {}, 0
  for line in (content:gsub("^\239\187\191", "") .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local bare = line:gsub("^%s+", ""):gsub("^export%s+", "")
    local name, rest = bare:match("^([%a_][%w_]*)=%s*(.*)$")
    local text = name and unquote(rest)
    if text then
      variables[#variables + 1] = { name = name, text = text }
    elseif bare ~= "" and bare:sub(1, 1) ~= "#" and not bare:find("^[%a_][%w_]*%s*$") then
      bad[#bad + 1] = number
    end
  end
  return variables, bad
end
