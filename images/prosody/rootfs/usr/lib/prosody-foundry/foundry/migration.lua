-- The environment of another image → ours. No value is ever part of a sentence: it may be a secret.

local options = require("foundry.options")
local environment = require("foundry.environment")
local foreign = require("foundry.foreign")
local idle = require("foundry.idle")
local did_you_mean = require("foundry.nearest")

local function index_names()
  local index = {}
  for _, option in ipairs(options) do
    for _, entry in ipairs(environment.names_of(option)) do index[entry.name] = { option = option, entry = entry } end
  end
  return index
end

local function text_of(value)
  if math.type(value) == "float" and value == value // 1 then return ("%d"):format(value) end
  return tostring(value)
end

-- Name and text of ours; or nil and what is wrong.
local function from_alias(known, text)
  local option, entry = known.option, known.entry
  if entry.is_file then return option.name .. "_FILE", text end
  local value, wrong = environment.parse_as(entry, text, option)
  if value == nil then return nil, wrong and "its value " .. (wrong:match("^is ") and wrong or "does not fit.") end
  return option.name, (entry.values or entry.unit) and text_of(value) or text
end

local function from_table(rule, text)
  if type(rule) == "string" and rule:find("^PROSODY_[%u%d_]+$") then return rule, text end
  if type(rule) == "string" then return nil, rule end
  if rule.nothing then return nil, nil, rule.nothing end
  if not rule.map and not rule.make then return rule.to, text end
  local ours = rule.map and rule.map[text:lower()] or rule.make and rule.make(text)
  if ours == "" then return nil, nil, "it is off, as it is here." end
  if ours then return rule.to, ours end
  return nil, ("its value has no counterpart; see `help %s`."):format(rule.to)
end

local function from_family(name, text)
  local store, kept = foreign.by_store(name, text)
  if store then return store, kept end
  for _, family in ipairs(foreign.families) do
    if name:find(family[1]) then return nil, family[2] end
  end
  return nil, "it is not known." .. did_you_mean(name, environment.known_names())
end

local function convert(index, name, text)
  local rule = foreign.variables[name]
  if rule then return from_table(rule, text) end
  if index[name] then return from_alias(index[name], text) end
  return from_family(name, text)
end

local lists = { modules = true, stores = true, domains = true, addresses = true, links = true }

-- Two of theirs may make one of ours: a list of both, or the narrower of both.
local function keep(ours, known, name, text)
  local option, before = known[name] and known[name].option, ours[name]
  if not before or before == text then
    ours[name] = text
  elseif option and lists[option.type] then
    ours[name] = before .. "," .. text
  else
    return false
  end
  return true
end

-- Those that only narrow come last, whatever their place in the file.
local function sort_variables(variables, index)
  local first, last = {}, {}
  for _, variable in ipairs(variables) do
    local known = index[variable.name]
    table.insert(known and known.entry.narrows and last or first, variable)
  end
  return table.move(last, 1, #last, #first + 1, first)
end

local function narrow(ours, entry, option)
  local narrower = entry.narrows and ours[option.name] and entry.narrows[ours[option.name]]
  if narrower then ours[option.name] = narrower end
  return narrower ~= nil
end

-- In the order of our table, then of theirs.
local function sort_lines(ours)
  local lines = {}
  for _, option in ipairs(options) do
    for _, name in ipairs({ option.name, option.name .. "_FILE" }) do
      if ours[name] then lines[#lines + 1] = { name = name, text = ours[name], secret = option.secret } end
    end
  end
  return lines
end

-- What the image would say to it: what keeps it from starting, and what would be of no effect.
local function find_problems(ours)
  local values, problems, set_by, doubted = environment.read(function(name)
    -- The files of secrets are another container's.
    return not name:find("_FILE$") and ours[name] or ours[name .. "_FILE"] and "component.example:secret" or nil
  end)
  return problems, idle.find(values, set_by, doubted)
end

local function add_defaults(theirs, notes)
  for _, default in ipairs(foreign.defaults) do
    local is_theirs = false
    for _, name in ipairs(default.of) do is_theirs = is_theirs or theirs[name] ~= nil end
    if is_theirs and not default.unset then
      notes[#notes + 1] = default.say
    elseif is_theirs and not theirs[default.unset] then
      notes[#notes + 1] = ("%s is not set: %s"):format(default.unset, default.say)
    end
  end
end

-- { lines = { { name =, text = }, … }, left = sentences about what is left over, notes = sentences, problems = sentences }
return function(variables)
  local index, ours, left, notes, theirs = index_names(), {}, {}, {}, {}
  for _, variable in ipairs(sort_variables(variables, index)) do
    local name = variable.name
    theirs[name] = variable.text or ""
    if not variable.text then
      left[#left + 1] = ("%s: the file has its name alone, and its value comes from elsewhere."):format(name)
    elseif variable.text ~= "" then
      local to, text, nothing = convert(index, name, variable.text)
      local known = index[name]
      if nothing then
        notes[#notes + 1] = ("%s: %s"):format(name, nothing)
      elseif to and known and narrow(ours, known.entry, known.option) then
        -- told by what it narrowed
      elseif to and not keep(ours, index, to, text) then
        left[#left + 1] = ("%s: %s is set already, and differs."):format(name, to)
      elseif not to and text then
        left[#left + 1] = ("%s: %s"):format(name, text)
      end
    end
  end
  add_defaults(theirs, notes)
  local problems, unused = find_problems(ours)
  return { lines = sort_lines(ours), left = left, notes = table.move(unused, 1, #unused, #notes + 1, notes), problems = problems }
end
