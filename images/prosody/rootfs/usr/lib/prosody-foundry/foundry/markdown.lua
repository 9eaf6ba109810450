-- The options as the README has them.

local reference = require("foundry.reference")

local function code(names)
  local marked = {}
  for i, name in ipairs(names) do marked[i] = "`" .. name .. "`" end
  return table.concat(marked, ", ")
end

local function cell(text) return (text:gsub("|", "\\|"):gsub("\n", " ")) end

local function default_cell(option)
  local text = reference.default_text(option)
  if not text then return "" end
  return option.usually and text or code({ text })
end

local function what_cell(option)
  local parts = { option.help .. "." }
  if option.choices then parts[#parts + 1] = "One of " .. code(option.choices) .. "." end
  if option.example then parts[#parts + 1] = "Example: " .. code({ option.example }) .. "." end
  local needs = reference.needs_of(option)
  if #needs > 0 then parts[#parts + 1] = "With " .. table.concat(needs, ", "):gsub("PROSODY_[^%s,]+", "`%0`") .. "." end
  if option.module then parts[#parts + 1] = "Needs " .. code({ "mod_" .. option.module }) .. "." end
  if option.since then parts[#parts + 1] = "Since Prosody " .. option.since .. "." end
  local names = reference.other_names(option)
  if #names > 0 then parts[#parts + 1] = "Also " .. code(names) .. "." end
  return table.concat(parts, " ")
end

return function(options)
  local lines, group = {}, nil
  for _, option in ipairs(options) do
    if option.group ~= group then
      for _, line in ipairs({ "", "### " .. option.group, "", "| Option | Default | What |", "| --- | --- | --- |" }) do lines[#lines + 1] = line end
      group = option.group
    end
    lines[#lines + 1] = ("| `%s` | %s | %s |"):format(option.name, cell(default_cell(option)), cell(what_cell(option)))
  end
  table.remove(lines, 1)
  return table.concat(lines, "\n")
end
