using System.Collections.Immutable;
using System.Globalization;
using RnnRuntime.Import;

namespace RnnRuntime.Tests;

/// <summary>As <see cref="Consumer"/>, for models of other tools: FILE, or FILE?NAME=EXTENT,...</summary>
internal static class ImportConsumer
{
    public static IEnumerable<string> Describe(IEnumerable<string> models)
    {
        foreach (var argument in models)
        {
            var parts = argument.Split('?');
            var fix = parts.Skip(1).SelectMany(list => list.Split(',')).Select(pair => pair.Split('='))
                .ToImmutableDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
            using var model = RnnImporter.Load(parts[0], new RnnImportOptions { Fix = fix });
            yield return $"{Path.GetFileName(parts[0])}: {Consumer.Run(model)}";
        }
    }
}
