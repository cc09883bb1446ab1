using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <summary>The fields of one JSON object. Each is taken by its type; what is left over at the end is unknown and refused.</summary>
internal sealed class JsonFields
{
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    public JsonFields(JsonElement element, string location)
    {
        Location = location;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new RnnImportException(location, JsonText.Describe(element), "an object");
        }

        foreach (var property in element.EnumerateObject())
        {
            var name = JsonText.NameOf(property, location);
            if (!_fields.TryAdd(name, property.Value))
            {
                throw new RnnImportException(location, $"the key {JsonText.Quote(name)} twice", "each key once");
            }
        }
    }

    /// <summary>How errors name the object. A layer adds its type once that is known.</summary>
    public string Location { get; set; }

    /// <summary>What nobody has taken.</summary>
    public IReadOnlyDictionary<string, JsonElement> Rest => _fields;

    public bool Has(string name) => _fields.ContainsKey(name);

    public string LocationOf(string name) => $"{Location}, field {name}";

    public JsonElement? Take(string name)
    {
        _known.Add(name);
        return _fields.Remove(name, out var element) ? element : null;
    }

    public JsonElement Require(string name, string expected) =>
        Take(name) ?? throw new RnnImportException(LocationOf(name), "nothing", expected);

    public string Text(string name) => JsonText.ToText(Require(name, "a string"), LocationOf(name));

    public string? OptionalText(string name) => Take(name) is { } element ? JsonText.ToText(element, LocationOf(name)) : null;

    public int Integer(string name, int minimum) => JsonText.ToInteger(Require(name, $"an integer of at least {minimum}"), LocationOf(name), minimum);

    public int? OptionalInteger(string name, int minimum) => Take(name) is { } element ? JsonText.ToInteger(element, LocationOf(name), minimum) : null;

    public double Number(string name) => JsonText.ToNumber(Require(name, "a number"), LocationOf(name));

    public float Float(string name) => JsonText.ToFloat(Require(name, "a number"), LocationOf(name));

    public float? OptionalFloat(string name) => Take(name) is { } element ? JsonText.ToFloat(element, LocationOf(name)) : null;

    public bool? OptionalFlag(string name) => Take(name) is { } element ? JsonText.ToFlag(element, LocationOf(name)) : null;

    public JsonElement.ArrayEnumerator List(string name) => JsonText.ToList(Require(name, "a list"), LocationOf(name));

    public IEnumerable<string> OptionalTexts(string name)
    {
        if (Take(name) is not { } element)
        {
            yield break;
        }

        foreach (var item in JsonText.ToList(element, LocationOf(name), "a list of strings"))
        {
            yield return JsonText.ToText(item, LocationOf(name));
        }
    }

    /// <summary>Refuses what has not been taken.</summary>
    public void Finish()
    {
        foreach (var name in _fields.Keys)
        {
            throw new RnnImportException(Location, $"the unknown field {JsonText.Quote(name)}", $"only {string.Join(", ", _known.Distinct())}");
        }
    }
}
