using RnnRuntime.Import;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Tests.Import;

/// <summary>Changed files are read or refused: no other exception leaves.</summary>
public sealed class WeightsMutationTests
{
    private static readonly RnnImportLimits Limits = new() { MaximumTensorBytes = 64 << 20, MaximumElements = 16 << 20 };

    [Theory]
    [InlineData("torch/conv_gru_head/model.pt", 1500)]
    [InlineData("torch/lstm_l1/model.pt", 1500)]
    [InlineData("torch/lstm_l1/model.safetensors", 1500)]
    [InlineData("keras-h5/DTLN_norm_40h.h5", 400)]
    public void MutantsAreReadOrRefused(string path, int count)
    {
        var parts = path.Split('/');
        var original = File.ReadAllBytes(Path.Combine([SharedModels.Folder(parts[0]), .. parts[1..]]));
        var refused = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var mutant = WeightsMutator.Mutate(original, seed);
            try
            {
                WeightsFile.Read(mutant, Limits);
            }
            catch (RnnImportException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"{path}, seed {seed}: {exception}");
            }
        }

        Assert.InRange(refused, count / 10, count);
    }
}
