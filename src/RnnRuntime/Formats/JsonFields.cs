using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>
/// The fields of one JSON object. Each is taken at most once and by its type; what is left over at the end is unknown and refused, as
/// are keys that occur twice.
/// </summary>
internal sealed class JsonFields
{
    private readonly string _section;
    private readonly string _prefix;
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    /// <param name="element">The object.</param>
    /// <param name="section">How errors name it.</param>
    /// <param name="path">Its own name when it is a field of <paramref name="section"/>, otherwise empty.</param>
    public JsonFields(JsonElement element, string section, string path = "")
    {
        _section = section;
        _prefix = path.Length == 0 ? "" : path + ".";
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new RnnFormatException(section, path.Length == 0 ? "type" : path, Describe(element), "an object");
        }

        foreach (var property in element.EnumerateObject())
        {
            var name = Decode(() => property.Name, section, "key");
            if (!_fields.TryAdd(name, property.Value))
            {
                throw new RnnFormatException(section, _prefix + Show(name), "the key twice", "each key once");
            }
        }
    }

    /// <summary>An object without fields.</summary>
    private JsonFields(string section, string path)
    {
        _section = section;
        _prefix = path + ".";
    }

    public IEnumerable<string> Keys => _fields.Keys;

    public JsonElement? TakeOptional(string name)
    {
        _known.Add(name);
        return _fields.Remove(name, out var element) ? element : null;
    }

    public JsonElement Take(string name, string expected) =>
        TakeOptional(name) ?? throw new RnnFormatException(_section, _prefix + name, "nothing", expected);

    public string Text(string name) => ToText(Take(name, "a string"), name);

    public string? OptionalText(string name) => TakeOptional(name) is { } element ? ToText(element, name) : null;

    public bool Flag(string name)
    {
        var element = Take(name, "true or false");
        return element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new RnnFormatException(_section, _prefix + name, Describe(element), "true or false"),
        };
    }

    public int Number(string name)
    {
        var element = Take(name, "an integer");
        return ToNumber(element, out int value) ? value : throw new RnnFormatException(_section, _prefix + name, Describe(element), "a 32-bit integer");
    }

    public float Float(string name) => ToFloat(Take(name, "a number"), name);

    /// <summary>0 where the field is left out.</summary>
    public float OptionalFloat(string name) => TakeOptional(name) is { } element ? ToFloat(element, name) : 0;

    public ImmutableArray<int> Numbers(string name)
    {
        var elements = List(name);
        var numbers = ImmutableArray.CreateBuilder<int>(elements.Count);
        for (var i = 0; i < elements.Count; i++)
        {
            numbers.Add(ToNumber(elements[i], out int value)
                ? value
                : throw new RnnFormatException(_section, $"{_prefix}{name}[{i}]", Describe(elements[i]), "a 32-bit integer"));
        }

        return numbers.MoveToImmutable();
    }

    public List<string> Texts(string name) => [.. List(name).Select((element, index) => ToText(element, $"{name}[{index}]"))];

    /// <summary>The objects of a list, each with its own path.</summary>
    public List<JsonFields> Objects(string name) =>
        [.. List(name).Select((element, index) => new JsonFields(element, _section, $"{_prefix}{name}[{index}]"))];

    public List<JsonElement> List(string name)
    {
        var element = Take(name, "an array");
        return element.ValueKind == JsonValueKind.Array
            ? [.. element.EnumerateArray()]
            : throw new RnnFormatException(_section, _prefix + name, Describe(element), "an array");
    }

    public TensorShape? OptionalShape(string name) => _fields.ContainsKey(name) ? Shape(name) : null;

    public TensorShape Shape(string name)
    {
        var dimensions = Numbers(name);
        if (dimensions.Length > ShapeRules.MaxRank)
        {
            throw new RnnFormatException(_section, _prefix + name, $"{dimensions.Length} extents", $"at most {ShapeRules.MaxRank} extents");
        }

        return ShapeRules.Shape(_section, _prefix + name, dimensions.AsSpan());
    }

    /// <summary>The object inside this one, or an empty one where it is left out.</summary>
    public JsonFields OptionalObject(string name) =>
        TakeOptional(name) is { } element ? new JsonFields(element, _section, _prefix + name) : new JsonFields(_section, _prefix + name);

    public JsonFields Object(string name) => new(Take(name, "an object"), _section, _prefix + name);

    /// <summary>Refuses fields that nothing took.</summary>
    public void End()
    {
        foreach (var name in _fields.Keys)
        {
            throw new RnnFormatException(
                _section, _prefix + Show(name), "an unknown field", _known.Count == 0 ? "no field" : $"only {string.Join(", ", _known.Distinct())}");
        }
    }

    public RnnFormatException Error(string name, string found, string expected) => new(_section, _prefix + name, found, expected);

    public static string Describe(JsonElement element)
    {
        var text = element.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? $"an {element.ValueKind.ToString().ToLowerInvariant()}" : element.GetRawText();
        return text.Length <= 80 ? text : text[..80] + "...";
    }

    public static bool ToNumber(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }

    private static bool ToNumber(JsonElement element, out int value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out value);
    }

    private static string Show(string key) => key.Length is > 0 and <= 80 ? key : Names.Quote(key);

    private float ToFloat(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetSingle(out var value) && float.IsFinite(value)
            ? value
            : throw new RnnFormatException(_section, _prefix + name, Describe(element), "a finite float32 number");

    private string ToText(JsonElement element, string name) => element.ValueKind == JsonValueKind.String
        ? Decode(() => element.GetString()!, _section, _prefix + name)
        : throw new RnnFormatException(_section, _prefix + name, Describe(element), "a string");

    /// <summary>System.Text.Json reports a lone surrogate or bad UTF-8 only when a string is asked for, as InvalidOperationException.</summary>
    private static string Decode(Func<string> text, string section, string field)
    {
        try
        {
            return text();
        }
        catch (InvalidOperationException exception)
        {
            throw new RnnFormatException(section, field, "text that is not Unicode", "well-formed Unicode", exception);
        }
    }
}
