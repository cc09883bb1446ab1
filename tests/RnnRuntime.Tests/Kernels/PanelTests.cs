using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>A matrix that is cut where it may be has the panels of its parts.</summary>
public sealed class PanelTests
{
    [Fact]
    public void PartsHaveThePanelsOfTheWhole()
    {
        var cuts = 0;
        for (var lanes = 8; lanes <= 640; lanes += 8)
        {
            int[] whole = [.. Widths(lanes)];
            for (var cut = 8; cut < lanes; cut += 8)
            {
                int[] parts = [.. Widths(cut), .. Widths(lanes - cut)];
                if (Panels.IsCut(lanes, cut))
                {
                    Assert.Equal(whole, parts);
                    cuts++;
                }
                else if (cut % 64 == 0)
                {
                    Assert.NotEqual(whole, parts);
                }
            }
        }

        Assert.True(cuts > 300);
    }

    private static IEnumerable<int> Widths(int lanes)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            yield return width = Panels.Width(lanes - start);
        }
    }
}
