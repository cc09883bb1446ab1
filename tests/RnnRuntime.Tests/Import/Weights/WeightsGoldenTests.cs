using System.Text.Json;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Tests.Import;

/// <summary>Weights files that PyTorch and Keras wrote: two containers of the same tensors agree, and HDF5 has the sums of its manifest.</summary>
public sealed class WeightsGoldenTests
{
    private static readonly RnnImportLimits Limits = new();

    [Fact]
    public void StateDictsEqualSafetensors()
    {
        var folders = Directory.GetDirectories(SharedModels.Folder("torch"));
        Assert.True(folders.Length >= 10);
        var legacy = 0;
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, "model.pt");
            legacy += PyTorchFile.IsLegacy(File.ReadAllBytes(path)) ? 1 : 0;
            AssertSame(path, Path.Combine(folder, "model.safetensors"));
        }

        Assert.True(legacy >= 2, $"{legacy} legacy containers");
    }

    [Fact]
    public void TheTrainedLanguageModelEqualsItsSafetensors()
    {
        var folder = SharedModels.Folder("charlm");
        var tensors = AssertSame(Path.Combine(folder, "model.pt"), Path.Combine(folder, "model.safetensors"));
        Assert.Contains(tensors.Tensors, tensor => tensor.Key == "emb.weight" && tensor.Value.Rank == 2);
    }

    [Fact]
    public void SafetensorsOfSileroAreRead()
    {
        foreach (var path in Directory.GetFiles(SharedModels.Folder("silero"), "*.safetensors"))
        {
            var tensors = SharedModels.Weights(path, Limits);
            Assert.NotEmpty(tensors.Tensors);
            Assert.Equal("safetensors", tensors.Format);
        }
    }

    [Fact]
    public void KerasWeightsHaveTheSumsOfTheirManifest()
    {
        var folder = SharedModels.Folder("keras-h5");
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var expected = manifest.RootElement.GetProperty("tensors");
        var read = SharedModels.Weights(Directory.GetFiles(folder, "*.h5").Single(), Limits);
        Assert.Equal("keras", read.Format);
        Assert.Equal(expected.GetArrayLength(), read.Tensors.Length);
        var byName = read.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        foreach (var entry in expected.EnumerateArray())
        {
            var tensor = byName[entry.GetProperty("path").GetString()!];
            var values = tensor.Values<float>();
            Assert.Equal(ElementType.Float32, tensor.Type);
            Assert.Equal(entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()), tensor.Shape);
            Assert.Equal((float)entry.GetProperty("first").GetDouble(), values[0]);
            Assert.Equal((float)entry.GetProperty("last").GetDouble(), values[^1]);
            var sum = 0.0;
            foreach (var value in values)
            {
                sum += value;
            }

            Assert.Equal(entry.GetProperty("sum").GetDouble(), sum, 1e-6);
        }
    }

    [Fact]
    public void KerasLayersComeInTheOrderOfTheModel()
    {
        var names = SharedModels.Weights(Directory.GetFiles(SharedModels.Folder("keras-h5"), "*.h5").Single(), Limits).Tensors.Select(tensor => tensor.Key).ToList();
        Assert.Equal(["instant_layer_normalization", "lstm", "lstm_1", "dense"], names.Select(name => name.Split('/')[0]).Distinct().Take(4));
        Assert.Equal(["kernel:0", "recurrent_kernel:0", "bias:0"], names.Where(name => name.StartsWith("lstm/")).Select(name => name.Split('/')[^1]));
    }

    [Fact]
    public void OldSoftLinksThatLeadRoundAreRefused()
    {
        var original = File.ReadAllBytes(Directory.GetFiles(SharedModels.Folder("keras-h5"), "*.h5").Single());
        var nodes = 0;
        for (var at = original.AsSpan().IndexOf("SNOD"u8); at >= 0; at = Next(at))
        {
            // The first entry of the node becomes a soft link whose target is its own name.
            byte[] file = [.. original];
            BitConverter.GetBytes(2).CopyTo(file, at + 24);
            file.AsSpan(at + 8, 4).CopyTo(file.AsSpan(at + 32));
            Assert.Throws<RnnImportException>(() => WeightsFile.Read(file, Limits));
            nodes++;
        }

        Assert.True(nodes > 5);

        int Next(int at)
        {
            var next = original.AsSpan(at + 4).IndexOf("SNOD"u8);
            return next < 0 ? next : next + at + 4;
        }
    }

    private static NamedTensors AssertSame(string statePath, string safetensorsPath)
    {
        var actual = SharedModels.Weights(statePath, Limits);
        var expected = SharedModels.Weights(safetensorsPath, Limits);
        Assert.Equal("pytorch", actual.Format);
        Assert.Equal("safetensors", expected.Format);
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Key).Order(), actual.Tensors.Select(tensor => tensor.Key).Order());
        var byName = expected.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        foreach (var (name, tensor) in actual.Tensors)
        {
            Assert.Equal(byName[name].Type, tensor.Type);
            Assert.Equal(byName[name].Shape, tensor.Shape);
            Assert.True(byName[name].Data.Span.SequenceEqual(tensor.Data.Span), $"{statePath}: {name}");
        }

        return actual;
    }
}
